#include "app/process_start.h"

#include <fmt/format.h>

#include "store/processes.h"
#include "store/projects.h"

namespace croft {

Result<Process> start_process(Tx& tx, const Actor& actor, const ProcessStart& start) {
  auto process = create_process(tx, actor.scope,
                                {.project_id = start.project_id,
                                 .service_id = start.service_id,
                                 .kind = start.kind,
                                 .params = start.params,
                                 .actor = actor.user.id,
                                 .request_id = actor.request_id});
  if (!process) return process;
  CROFT_TRY(audit_done(tx, actor, start.kind, start.project_id, start.object));
  return process;
}

Result<Process> start_service_process(Tx& tx, const Actor& actor, const Service& service,
                                      std::string kind, boost::json::object params) {
  const auto project = get_project(tx, actor.scope, service.project_id);
  if (!project) return fail(project.error());
  // What begins now would outlive the removal of the containers, which waits for all to have gone.
  const bool leaves = project->status == ProjectStatus::kDeleting;
  if (leaves || service.status == ServiceStatus::kDeleting) {
    return fail(ErrorCode::kConflict,
                leaves ? fmt::format("project {} is being deleted", project->name)
                       : fmt::format("service {} is being deleted", service.hostname));
  }
  return start_process(tx, actor,
                       {.project_id = service.project_id,
                        .service_id = service.id,
                        .kind = std::move(kind),
                        .params = std::move(params),
                        .object = fmt::format("service {}/{}", project->name, service.hostname)});
}

}  // namespace croft
