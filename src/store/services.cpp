#include "store/services.h"

#include "store/columns.h"
#include "store/events.h"
#include "store/projects.h"

namespace croft {
namespace {

constexpr int kMaxIndex = 65534;

#define CROFT_SERVICE_COLUMNS                                                                \
  "id, project_id, hostname, type, category, status, index_number, min_containers, "         \
  "max_containers, containers, subdomain_enabled, env_isolation, ports, active_version_id, " \
  "generation, created_at"

Service service_at(const SqlRow& row) {
  return {.id = id_at<ServiceId>(row, 0),
          .project_id = id_at<ProjectId>(row, 1),
          .hostname = row.text(2),
          .type = row.text(3),
          .category = enum_at<ServiceCategory>(row, 4),
          .status = enum_at<ServiceStatus>(row, 5),
          .index = row.small(6),
          .min_containers = row.small(7),
          .max_containers = row.small(8),
          .containers = row.small(9),
          .subdomain_enabled = row.flag(10),
          .env_isolation = enum_at<EnvIsolation>(row, 11),
          .ports = json_at<std::vector<Port>>(row, 12),
          .active_version_id = id_at<VersionId>(row, 13),
          .generation = row.integer(14),
          .created_at = time_at(row, 15)};
}

tl::unexpected<Error> no_service(std::string_view which) {
  return fail(ErrorCode::kNotFound,
              fmt::format("service {}: there is no such service; `croft service list` shows those "
                          "of the project",
                          which));
}

Result<Service> found(const Result<std::optional<SqlRow>>& row, const Scope& scope,
                      std::string_view which) {
  if (!row) return fail(row.error());
  if (!*row) return no_service(which);
  Service service = service_at(**row);
  if (!scope.sees(service.project_id)) return no_service(which);
  return service;
}

Status tell(Tx& tx, const Service& service, std::string_view what) {
  CROFT_TRY(append_event(tx, Scope::platform(), service.project_id, fmt::format("service.{}", what),
                         {{"service_id", service.id.str()},
                          {"hostname", service.hostname},
                          {"status", enum_to_string(service.status)}}));
  return {};
}

Result<int> free_index(Tx& tx, const ProjectId& project) {
  const auto row = tx.query_one(
      "SELECT MIN(n) FROM (SELECT 1 AS n UNION ALL SELECT index_number + 1 FROM services "
      "WHERE project_id = ?1) AS c "
      "WHERE n NOT IN (SELECT index_number FROM services WHERE project_id = ?1)",
      {column(project)});
  if (!row) return fail(row.error());
  const int index = (*row)->small(0);
  if (index > kMaxIndex) {
    return fail(ErrorCode::kExhausted,
                fmt::format("the project has {} services, which is all it has addresses for; "
                            "delete one first",
                            kMaxIndex));
  }
  return index;
}

Status insert_service(Tx& tx, const Service& s) {
  CROFT_TRY(tx.execute("INSERT INTO services (" CROFT_SERVICE_COLUMNS
                       ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)",
                       {column(s.id), column(s.project_id), column(s.hostname), column(s.type),
                        column(s.category), column(s.status), column(s.index),
                        column(s.min_containers), column(s.max_containers), column(s.containers),
                        column(s.subdomain_enabled), column(s.env_isolation), json_column(s.ports),
                        column(s.active_version_id), column(s.generation), column(s.created_at)}));
  return {};
}

}  // namespace

Result<Service> create_service(Tx& tx, const Scope& scope, const NewService& wanted) {
  const auto project = get_project(tx, scope, wanted.project_id);
  if (!project) return fail(project.error());
  const auto taken = tx.query_one("SELECT 1 FROM services WHERE project_id = ?1 AND hostname = ?2",
                                  {column(wanted.project_id), column(wanted.hostname)});
  if (!taken) return fail(taken.error());
  if (*taken) {
    return fail(ErrorCode::kConflict,
                fmt::format("service {}/{}: the hostname is taken; choose another one",
                            project->name, wanted.hostname));
  }
  const auto index = free_index(tx, wanted.project_id);
  if (!index) return fail(index.error());
  const Service service{.id = ServiceId::generate(tx.random()),
                        .project_id = wanted.project_id,
                        .hostname = wanted.hostname,
                        .type = wanted.type,
                        .category = wanted.category,
                        .status = wanted.status,
                        .index = *index,
                        .min_containers = wanted.min_containers,
                        .max_containers = wanted.max_containers,
                        .containers = wanted.containers,
                        .subdomain_enabled = wanted.subdomain_enabled,
                        .env_isolation = wanted.env_isolation,
                        .ports = wanted.ports,
                        .active_version_id = {},
                        .generation = 1,
                        .created_at = tx.now()};
  CROFT_TRY(insert_service(tx, service));
  CROFT_TRY(tell(tx, service, "created"));
  return service;
}

Result<Service> get_service(const Tx& tx, const Scope& scope, const ServiceId& id) {
  return found(
      tx.query_one("SELECT " CROFT_SERVICE_COLUMNS " FROM services WHERE id = ?1", {column(id)}),
      scope, id.str());
}

Result<Service> get_service_by_hostname(const Tx& tx, const Scope& scope, const ProjectId& project,
                                        std::string_view hostname) {
  return found(tx.query_one("SELECT " CROFT_SERVICE_COLUMNS
                            " FROM services WHERE project_id = ?1 AND hostname = ?2",
                            {column(project), column(hostname)}),
               scope, hostname);
}

Result<std::vector<Service>> list_services(const Tx& tx, const Scope& scope,
                                           const ProjectId& project) {
  CROFT_TRY(get_project(tx, scope, project));
  return all_rows(tx.query("SELECT " CROFT_SERVICE_COLUMNS
                           " FROM services WHERE project_id = ?1 ORDER BY hostname",
                           {column(project)}),
                  service_at);
}

Result<std::vector<Service>> all_services(const Tx& tx, const Scope& scope) {
  return all_rows(SelectQuery("SELECT " CROFT_SERVICE_COLUMNS " FROM services WHERE 1 = 1")
                      .in_scope(scope, "project_id")
                      .then("ORDER BY project_id, hostname")
                      .run(tx),
                  service_at);
}

Result<Service> update_service(Tx& tx, const Scope& scope, const Service& service) {
  const auto stored = get_service(tx, scope, service.id);
  if (!stored) return fail(stored.error());
  if (stored->generation != service.generation) {
    return fail(ErrorCode::kPrecondition,
                fmt::format("service {}: it has changed meanwhile; read it again and repeat",
                            stored->hostname));
  }
  CROFT_TRY(tx.execute(
      "UPDATE services SET type = ?2, min_containers = ?3, max_containers = ?4, containers = ?5, "
      "subdomain_enabled = ?6, env_isolation = ?7, ports = ?8, active_version_id = ?9, "
      "generation = generation + 1 WHERE id = ?1",
      {column(service.id), column(service.type), column(service.min_containers),
       column(service.max_containers), column(service.containers),
       column(service.subdomain_enabled), column(service.env_isolation), json_column(service.ports),
       column(service.active_version_id)}));
  auto changed = get_service(tx, scope, service.id);
  if (!changed) return changed;
  CROFT_TRY(tell(tx, *changed, "changed"));
  return changed;
}

Status set_service_status(Tx& tx, const Scope& scope, const ServiceId& id, ServiceStatus status) {
  auto service = get_service(tx, scope, id);
  if (!service) return fail(service.error());
  if (service->status == status) return {};
  CROFT_TRY(
      tx.execute("UPDATE services SET status = ?2 WHERE id = ?1", {column(id), column(status)}));
  service->status = status;
  return tell(tx, *service, "changed");
}

Status delete_service(Tx& tx, const Scope& scope, const ServiceId& id) {
  const auto service = get_service(tx, scope, id);
  if (!service) return fail(service.error());
  // Sets first: they hold on to their versions.
  CROFT_TRY(tx.execute("DELETE FROM instance_sets WHERE service_id = ?1", {column(id)}));
  CROFT_TRY(tx.execute("DELETE FROM services WHERE id = ?1", {column(id)}));
  return tell(tx, *service, "deleted");
}

}  // namespace croft
