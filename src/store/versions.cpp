#include "store/versions.h"

#include "store/columns.h"
#include "store/events.h"
#include "store/services.h"

namespace croft {
namespace {

#define CROFT_VERSION_COLUMNS                                                              \
  "id, service_id, project_id, number, name, status, source, setup, config, config_yaml, " \
  "source_bytes, bundle_bytes, bundle_hash, bundle_path, image, generation, created_by, "  \
  "created_at, activated_at"

Version version_at(const SqlRow& row) {
  return {.id = id_at<VersionId>(row, 0),
          .service_id = id_at<ServiceId>(row, 1),
          .project_id = id_at<ProjectId>(row, 2),
          .number = row.small(3),
          .name = row.text(4),
          .status = enum_at<VersionStatus>(row, 5),
          .source = enum_at<VersionSource>(row, 6),
          .setup = row.text(7),
          .config = json_at<boost::json::value>(row, 8),
          .config_yaml = row.text(9),
          .source_bytes = row.integer(10),
          .bundle_bytes = row.integer(11),
          .bundle_hash = row.text(12),
          .bundle_path = row.text(13),
          .image = row.text(14),
          .generation = row.integer(15),
          .created_by = id_at<UserId>(row, 16),
          .created_at = time_at(row, 17),
          .activated_at = optional_time_at(row, 18)};
}

tl::unexpected<Error> no_version(std::string_view which) {
  return fail(ErrorCode::kNotFound,
              fmt::format("version {}: there is no such version; `croft releases` shows those of a "
                          "service",
                          which));
}

Result<Version> found(const Result<std::optional<SqlRow>>& row, const Scope& scope,
                      const std::string& which) {
  if (!row) return fail(row.error());
  if (!*row) return no_version(which);
  Version version = version_at(**row);
  if (!scope.sees(version.project_id)) return no_version(which);
  return version;
}

Status tell(Tx& tx, const Version& version, std::string_view what) {
  CROFT_TRY(append_event(tx, Scope::platform(), version.project_id, fmt::format("version.{}", what),
                         {{"version_id", version.id.str()},
                          {"service_id", version.service_id.str()},
                          {"number", version.number},
                          {"status", enum_to_string(version.status)}}));
  return {};
}

// The version as it is now, and an event that says so.
Result<Version> told(Tx& tx, const Scope& scope, const VersionId& id, std::string_view what) {
  auto version = get_version(tx, scope, id);
  if (!version) return version;
  CROFT_TRY(tell(tx, *version, what));
  return version;
}

SecretPlace environment_of(const VersionId& id) {
  return {"versions", "environment", id.str()};
}

const std::vector<SqlValue>& settled_statuses() {
  static const std::vector<SqlValue> kStatuses = [] {
    std::vector<SqlValue> statuses;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<VersionStatus>>([&](auto d) {
      if (is_settled(d.value)) statuses.push_back(column(d.value));
    });
    return statuses;
  }();
  return kStatuses;
}

}  // namespace

Result<Version> create_version(Tx& tx, const Scope& scope, const NewVersion& wanted) {
  const auto service = get_service(tx, scope, wanted.service_id);
  if (!service) return fail(service.error());
  const auto number = tx.execute_returning(
      "UPDATE services SET last_version_number = last_version_number + 1 WHERE id = ?1 "
      "RETURNING last_version_number",
      {column(wanted.service_id)});
  if (!number) return fail(number.error());
  const VersionId id = VersionId::generate(tx.random());
  CROFT_TRY(tx.execute("INSERT INTO versions (" CROFT_VERSION_COLUMNS
                       ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,0,0,'','','',1,?11,?12,NULL)",
                       {column(id), column(wanted.service_id), column(service->project_id),
                        column(number->integer(0)), column(wanted.name), column(wanted.status),
                        column(wanted.source), column(wanted.setup), json_column(wanted.config),
                        column(wanted.config_yaml), column(wanted.created_by), column(tx.now())}));
  return told(tx, scope, id, "created");
}

Result<Version> get_version(const Tx& tx, const Scope& scope, const VersionId& id) {
  return found(
      tx.query_one("SELECT " CROFT_VERSION_COLUMNS " FROM versions WHERE id = ?1", {column(id)}),
      scope, id.str());
}

Result<Version> get_version_by_number(const Tx& tx, const Scope& scope, const ServiceId& service,
                                      int number) {
  return found(tx.query_one("SELECT " CROFT_VERSION_COLUMNS
                            " FROM versions WHERE service_id = ?1 AND number = ?2",
                            {column(service), column(number)}),
               scope, std::to_string(number));
}

Result<Paged<Version>> list_versions(const Tx& tx, const Scope& scope, const ServiceId& service,
                                     const Page& page) {
  CROFT_TRY(get_service(tx, scope, service));
  const auto after = page_number(page);
  if (!after) return fail(after.error());
  const int limit = page_limit(page);
  SelectQuery query("SELECT " CROFT_VERSION_COLUMNS " FROM versions WHERE 1 = 1");
  query.where("service_id = ?", column(service));
  if (*after > 0) query.where("number < ?", *after);
  return page_of(query.then("ORDER BY number DESC").limit(limit + 1).run(tx), version_at, limit,
                 [](const Version& v) { return std::to_string(v.number); });
}

Result<std::vector<Version>> unsettled_versions(const Tx& tx, const Scope& scope) {
  const auto& settled = settled_statuses();
  std::vector<SqlValue> open;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<VersionStatus>>([&](auto d) {
    if (!is_settled(d.value)) open.push_back(column(d.value));
  });
  check(!settled.empty() && !open.empty(), "both kinds of status exist");
  return all_rows(SelectQuery("SELECT " CROFT_VERSION_COLUMNS " FROM versions WHERE 1 = 1")
                      .in_scope(scope, "project_id")
                      .where_any_of("status", open)
                      .then("ORDER BY created_at, id")
                      .run(tx),
                  version_at);
}

Result<Version> update_version(Tx& tx, const Scope& scope, const Version& version) {
  CROFT_TRY(get_version(tx, scope, version.id));
  CROFT_TRY(tx.execute(
      "UPDATE versions SET name = ?2, status = ?3, setup = ?4, config = ?5, config_yaml = ?6, "
      "bundle_hash = ?7, bundle_path = ?8, image = ?9, source_bytes = ?10, bundle_bytes = ?11, "
      "generation = generation + 1 WHERE id = ?1",
      {column(version.id), column(version.name), column(version.status), column(version.setup),
       json_column(version.config), column(version.config_yaml), column(version.bundle_hash),
       column(version.bundle_path), column(version.image), column(version.source_bytes),
       column(version.bundle_bytes)}));
  return told(tx, scope, version.id, "changed");
}

Status set_version_status(Tx& tx, const Scope& scope, const VersionId& id, VersionStatus status) {
  auto version = get_version(tx, scope, id);
  if (!version) return fail(version.error());
  if (version->status == status) return {};
  CROFT_TRY(
      tx.execute("UPDATE versions SET status = ?2 WHERE id = ?1", {column(id), column(status)}));
  version->status = status;
  return tell(tx, *version, "changed");
}

Result<Version> activate_version(Tx& tx, const Scope& scope, const VersionId& id) {
  const auto version = get_version(tx, scope, id);
  if (!version) return fail(version.error());
  CROFT_TRY(
      tx.execute("UPDATE versions SET status = ?3, generation = generation + 1 "
                 "WHERE service_id = ?1 AND status = ?4 AND id <> ?2",
                 {column(version->service_id), column(id), column(VersionStatus::kBackup),
                  column(VersionStatus::kActive)}));
  CROFT_TRY(
      tx.execute("UPDATE versions SET status = ?2, activated_at = ?3, generation = generation + 1 "
                 "WHERE id = ?1",
                 {column(id), column(VersionStatus::kActive), column(tx.now())}));
  CROFT_TRY(tx.execute(
      "UPDATE services SET active_version_id = ?2, generation = generation + 1 WHERE id = ?1",
      {column(version->service_id), column(id)}));
  return told(tx, scope, id, "changed");
}

Result<std::vector<Version>> surplus_versions(const Tx& tx, const Scope& scope,
                                              const ServiceId& service, int keep) {
  CROFT_TRY(get_service(tx, scope, service));
  auto newest_first =
      all_rows(SelectQuery("SELECT " CROFT_VERSION_COLUMNS " FROM versions WHERE 1 = 1")
                   .where("service_id = ?", column(service))
                   .where_any_of("status", settled_statuses())
                   .then("ORDER BY number DESC")
                   .run(tx),
               version_at);
  if (!newest_first) return newest_first;
  std::vector<Version> surplus;
  // The active one counts among the kept, however old it is.
  int kept = 0;
  for (const Version& v : *newest_first) kept += v.status == VersionStatus::kActive ? 1 : 0;
  for (Version& v : *newest_first) {
    if (v.status == VersionStatus::kActive) continue;
    if (kept < keep) {
      ++kept;
    } else {
      surplus.insert(surplus.begin(), std::move(v));
    }
  }
  return surplus;
}

Status delete_version(Tx& tx, const Scope& scope, const VersionId& id) {
  const auto version = get_version(tx, scope, id);
  if (!version) return fail(version.error());
  if (version->status == VersionStatus::kActive) {
    return fail(ErrorCode::kConflict,
                fmt::format("version {}: it is the active one; activate another one first",
                            version->number));
  }
  const auto used =
      tx.query("SELECT 1 FROM instance_sets WHERE version_id = ?1 LIMIT 1", {column(id)});
  if (!used) return fail(used.error());
  if (!used->empty()) {
    return fail(ErrorCode::kConflict,
                fmt::format("version {}: containers of it still run; try again when they are gone",
                            version->number));
  }
  CROFT_TRY(tx.execute("DELETE FROM versions WHERE id = ?1", {column(id)}));
  return tell(tx, *version, "deleted");
}

Status set_version_environment(Tx& tx, const Scope& scope, const VersionId& id,
                               const Secret& environment) {
  CROFT_TRY(get_version(tx, scope, id));
  CROFT_TRY(
      tx.execute("UPDATE versions SET environment_sealed = ?2 WHERE id = ?1",
                 {column(id), SqlBlob{tx.cipher().encrypt(environment_of(id), environment)}}));
  return {};
}

Result<Secret> version_environment(const Tx& tx, const Scope& scope, const VersionId& id) {
  CROFT_TRY(get_version(tx, scope, id));
  const auto row =
      tx.query_one("SELECT environment_sealed FROM versions WHERE id = ?1", {column(id)});
  if (!row) return fail(row.error());
  if ((*row)->is_null(0)) return Secret();
  return tx.cipher().decrypt(environment_of(id), (*row)->blob(0));
}

}  // namespace croft
