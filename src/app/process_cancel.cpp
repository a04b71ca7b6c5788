#include "app/process_cancel.h"

#include <algorithm>

#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/versions.h"

namespace croft {
namespace {

// What was deleted meanwhile needs nothing any more.
Status unless_gone(Status done) {
  if (!done && done.error().code() == ErrorCode::kNotFound) return {};
  return done;
}

// A managed service that waits to be created, and will not be.
Status settle_service(Tx& tx, const ServiceId& id) {
  const auto service = get_service(tx, Scope::platform(), id);
  if (!service) return unless_gone(fail(service.error()));
  if (service->status != ServiceStatus::kCreating) return {};
  return set_service_status(tx, Scope::platform(), id, ServiceStatus::kFailed);
}

Status settle_version(Tx& tx, const Process& deploy) {
  const boost::json::object* params = deploy.params.if_object();
  const boost::json::value* named = params != nullptr ? params->if_contains("version") : nullptr;
  if (named == nullptr || !named->is_string()) return {};
  const auto id = VersionId::parse(std::string_view(named->get_string()));
  if (!id) return {};
  const auto version = get_version(tx, Scope::platform(), *id);
  if (!version) return unless_gone(fail(version.error()));
  if (version->status != VersionStatus::kWaitingToBuild) return {};
  return set_version_status(tx, Scope::platform(), *id, VersionStatus::kCancelled);
}

}  // namespace

std::vector<ImportedService> imported_services(const Process& process) {
  std::vector<ImportedService> found;
  const boost::json::object* params = process.params.if_object();
  const boost::json::value* services =
      params != nullptr ? params->if_contains("services") : nullptr;
  if (services == nullptr || !services->is_array()) return found;
  for (const boost::json::value& item : services->get_array()) {
    const boost::json::object& entry = item.as_object();
    const auto id = ServiceId::parse(std::string_view(entry.at("id").as_string()));
    if (id) found.push_back({*id, entry.at("priority").to_number<std::int64_t>()});
  }
  return found;
}

Status settle_import(Tx& tx, const Process& process) {
  const Scope all = Scope::platform();
  const auto children = child_processes(tx, all, process.id);
  if (!children) return fail(children.error());
  for (const ImportedService& service : imported_services(process)) {
    const bool under_way =
        std::any_of(children->begin(), children->end(), [&](const Process& child) {
          return child.service_id == service.id && !is_finished(child.status);
        });
    if (!under_way) CROFT_TRY(settle_service(tx, service.id));
  }
  const auto project = get_project(tx, all, process.project_id);
  if (!project) return unless_gone(fail(project.error()));
  if (project->status != ProjectStatus::kCreating) return {};
  return set_project_status(tx, all, process.project_id, ProjectStatus::kActive);
}

Status settle_unstarted(Tx& tx, const Process& process) {
  if (process.kind == "project.import") return settle_import(tx, process);
  if (process.kind == "service.create") return settle_service(tx, process.service_id);
  if (process.kind == "deploy") return settle_version(tx, process);
  return {};
}

}  // namespace croft
