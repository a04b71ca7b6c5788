#include "store/instance_sets.h"

#include "store/columns.h"
#include "store/services.h"
#include "store/versions.h"

namespace croft {
namespace {

#define CROFT_SET_COLUMNS                                                                 \
  "id, service_id, project_id, version_id, number, containers, duty, state, generation, " \
  "image, secret_name, created_at"

InstanceSet set_at(const SqlRow& row) {
  return {.id = id_at<InstanceSetId>(row, 0),
          .service_id = id_at<ServiceId>(row, 1),
          .project_id = id_at<ProjectId>(row, 2),
          .version_id = id_at<VersionId>(row, 3),
          .number = row.small(4),
          .containers = row.small(5),
          .duty = enum_at<InstanceDuty>(row, 6),
          .state = enum_at<InstanceSetState>(row, 7),
          .generation = row.integer(8),
          .image = row.text(9),
          .secret_name = row.text(10),
          .created_at = time_at(row, 11)};
}

SecretPlace init_config_of(const InstanceSetId& id) {
  return {"instance_sets", "init_config", id.str()};
}

tl::unexpected<Error> no_version_of(const Service& service) {
  return fail(ErrorCode::kNotFound,
              fmt::format("service {}: the version is not one of its own", service.hostname));
}

}  // namespace

Result<InstanceSet> create_instance_set(Tx& tx, const Scope& scope, const NewInstanceSet& wanted) {
  const auto service = get_service(tx, scope, wanted.service_id);
  if (!service) return fail(service.error());
  SqlValue version = SqlNull{};
  if (!wanted.version_id.empty()) {
    const auto of = get_version(tx, scope, wanted.version_id);
    if (!of) return fail(of.error());
    if (of->service_id != wanted.service_id) return no_version_of(*service);
    version = column(wanted.version_id);
  }
  const auto number = tx.execute_returning(
      "UPDATE services SET last_set_number = last_set_number + 1 WHERE id = ?1 "
      "RETURNING last_set_number",
      {column(wanted.service_id)});
  if (!number) return fail(number.error());
  const InstanceSetId id = InstanceSetId::generate(tx.random());
  CROFT_TRY(tx.execute(
      "INSERT INTO instance_sets (" CROFT_SET_COLUMNS
      ", init_config_sealed) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,1,?9,'',?10,?11)",
      {column(id), column(wanted.service_id), column(service->project_id), std::move(version),
       column(number->integer(0)), column(wanted.containers), column(wanted.duty),
       column(InstanceSetState::kWanted), column(wanted.image), column(tx.now()),
       SqlBlob{tx.cipher().encrypt(init_config_of(id), wanted.init_config)}}));
  return get_instance_set(tx, scope, id);
}

Result<InstanceSet> get_instance_set(const Tx& tx, const Scope& scope, const InstanceSetId& id) {
  const auto row =
      tx.query_one("SELECT " CROFT_SET_COLUMNS " FROM instance_sets WHERE id = ?1", {column(id)});
  if (!row) return fail(row.error());
  if (*row) {
    InstanceSet set = set_at(**row);
    if (scope.sees(set.project_id)) return set;
  }
  return fail(ErrorCode::kNotFound, fmt::format("instance set {}: there is none", id.str()));
}

Result<std::vector<InstanceSet>> list_instance_sets(const Tx& tx, const Scope& scope,
                                                    const ServiceId& service) {
  CROFT_TRY(get_service(tx, scope, service));
  return all_rows(tx.query("SELECT " CROFT_SET_COLUMNS
                           " FROM instance_sets WHERE service_id = ?1 ORDER BY number",
                           {column(service)}),
                  set_at);
}

Result<std::vector<InstanceSet>> all_instance_sets(const Tx& tx, const Scope& scope) {
  return all_rows(SelectQuery("SELECT " CROFT_SET_COLUMNS " FROM instance_sets WHERE 1 = 1")
                      .in_scope(scope, "project_id")
                      .then("ORDER BY project_id, service_id, number")
                      .run(tx),
                  set_at);
}

Result<InstanceSet> update_instance_set(Tx& tx, const Scope& scope, const InstanceSet& set) {
  CROFT_TRY(get_instance_set(tx, scope, set.id));
  CROFT_TRY(
      tx.execute("UPDATE instance_sets SET containers = ?2, duty = ?3, state = ?4, image = ?5, "
                 "secret_name = ?6, generation = generation + 1 WHERE id = ?1",
                 {column(set.id), column(set.containers), column(set.duty), column(set.state),
                  column(set.image), column(set.secret_name)}));
  return get_instance_set(tx, scope, set.id);
}

Result<Secret> instance_set_init_config(const Tx& tx, const Scope& scope, const InstanceSetId& id) {
  CROFT_TRY(get_instance_set(tx, scope, id));
  const auto row =
      tx.query_one("SELECT init_config_sealed FROM instance_sets WHERE id = ?1", {column(id)});
  if (!row) return fail(row.error());
  return tx.cipher().decrypt(init_config_of(id), (*row)->blob(0));
}

Status delete_instance_set(Tx& tx, const Scope& scope, const InstanceSetId& id) {
  CROFT_TRY(get_instance_set(tx, scope, id));
  CROFT_TRY(tx.execute("DELETE FROM instance_sets WHERE id = ?1", {column(id)}));
  return {};
}

}  // namespace croft
