#include "app/views.h"

#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/users.h"
#include "store/versions.h"

namespace croft {
namespace {

// The name behind an id that may be gone: then empty.
template <class T>
Result<std::string> name_or_gone(const Result<T>& found, std::string T::* name) {
  if (found) return (*found).*name;
  if (found.error().code() == ErrorCode::kNotFound) return std::string();
  return fail(found.error());
}

// Names of users are no secret to those who share a project with them.
Result<std::string> user_name(const Tx& tx, const UserId& id) {
  if (id.empty()) return std::string();
  return name_or_gone(get_user(tx, Scope::platform(), id), &User::name);
}

// What the last failed process of the service said.
Result<std::string> why_failed(const Tx& tx, const Scope& scope, const Service& service) {
  if (service.status != ServiceStatus::kFailed) return std::string();
  const auto last = list_processes(tx, scope,
                                   {.project_id = service.project_id,
                                    .service_id = service.id,
                                    .statuses = {ProcessStatus::kFailed}},
                                   {.after = {}, .limit = 1});
  if (!last) return fail(last.error());
  if (last->items.empty() || !last->items[0].error) return std::string();
  return last->items[0].error->message;
}

std::string text_param(const Process& process, std::string_view name) {
  if (!process.params.is_object()) return {};
  const boost::json::value* value = process.params.get_object().if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

Result<ProjectView> view_project(const Tx& tx, const Scope& scope, Project project) {
  const auto services = list_services(tx, scope, project.id);
  if (!services) return fail(services.error());
  return ProjectView{std::move(project), static_cast<int>(services->size())};
}

Result<ServiceView> view_service(const Tx& tx, const Scope& scope, const Project& project,
                                 Service service) {
  ServiceView view;
  view.project = project.name;
  if (!service.active_version_id.empty()) {
    const auto version = get_version(tx, scope, service.active_version_id);
    if (!version) return fail(version.error());
    view.active_version = version->number;
  }
  auto why = why_failed(tx, scope, service);
  if (!why) return fail(std::move(why).error());
  view.status_detail = std::move(*why);
  view.service = std::move(service);
  return view;
}

void add_live_facts(const AppContext& context, const Project& project, ServiceView& view) {
  if (context.ready_containers) view.ready_containers = context.ready_containers(view.service.id);
  if (view.service.subdomain_enabled) {
    view.urls = service_urls(context.platform, project, view.service, false);
  }
}

Result<ProcessView> view_process(const Tx& tx, Process process) {
  ProcessView view;
  view.project = process.project_name;
  view.service = process.service_name;
  auto actor = user_name(tx, process.actor);
  if (!actor) return fail(std::move(actor).error());
  view.actor = std::move(*actor);
  view.version_id = text_param(process, "version");
  view.process = std::move(process);
  return view;
}

Result<VersionView> view_version(const Tx& tx, Version version) {
  auto name = user_name(tx, version.created_by);
  if (!name) return fail(std::move(name).error());
  return VersionView{std::move(version), std::move(*name)};
}

}  // namespace croft
