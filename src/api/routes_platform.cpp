#include <algorithm>

#include "api/routes_live.h"
#include "store/instance_sets.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

std::string overall(const std::vector<ComponentStatus>& components) {
  const auto any = [&](std::string_view word) {
    return std::any_of(components.begin(), components.end(),
                       [&](const ComponentStatus& one) { return one.status == word; });
  };
  if (any("down")) return "down";
  return any("degraded") || any("unknown") ? "degraded" : "ok";
}

// What belongs to a project is for those who see the project: "core PROJECT", "disk of
// PROJECT/SERVICE".
bool may_see(const std::vector<std::string>& projects, std::string_view component) {
  for (const std::string_view kind : {"core ", "disk of "}) {
    if (!component.starts_with(kind)) continue;
    const std::string_view rest = component.substr(kind.size());
    return std::find(projects.begin(), projects.end(), rest.substr(0, rest.find('/'))) !=
           projects.end();
  }
  return true;
}

Task<Result<ApiResponse>> status_route(ApiContext& context, RunningPlatform& running,
                                       ApiRequest& request) {
  const Scope& scope = request.actor().scope;
  struct Counts {
    std::int64_t projects = 0;
    std::int64_t services = 0;
    std::int64_t instances = 0;
    std::int64_t processes = 0;
    std::vector<std::string> names;
  };
  auto counts = co_await context.app.store.read([&](const Tx& tx) -> Result<Counts> {
    Counts read;
    auto projects = all_projects(tx, scope);
    if (!projects) return fail(std::move(projects).error());
    auto services = all_services(tx, scope);
    if (!services) return fail(std::move(services).error());
    auto sets = all_instance_sets(tx, scope);
    if (!sets) return fail(std::move(sets).error());
    auto running = active_processes(tx, scope);
    if (!running) return fail(std::move(running).error());
    for (const Project& one : *projects) read.names.push_back(one.name);
    read.projects = std::ssize(*projects);
    read.services = std::ssize(*services);
    for (const InstanceSet& set : *sets) read.instances += set.containers;
    read.processes = std::ssize(*running);
    return read;
  });
  if (!counts) co_return fail(std::move(counts).error());
  std::vector<ComponentStatus> components = co_await running.components();
  std::erase_if(components,
                [&](const ComponentStatus& one) { return !may_see(counts->names, one.name); });
  boost::json::object body{{"status", overall(components)},
                           {"install_id", context.install_id},
                           {"version", context.version},
                           {"domain", context.app.platform.domain},
                           {"started_at", format_rfc3339(running.started_at())},
                           {"components", to_json(components)},
                           {"projects", counts->projects},
                           {"services", counts->services},
                           {"instances", counts->instances},
                           {"running_processes", counts->processes}};
  co_return json_response(200, body);
}

Task<Result<ApiResponse>> doctor_route(ApiContext&, RunningPlatform& running, ApiRequest&) {
  const std::vector<DoctorCheck> checks = co_await running.doctor();
  const bool ok = std::none_of(checks.begin(), checks.end(),
                               [](const DoctorCheck& one) { return one.status == "fail"; });
  co_return json_response(200, boost::json::object{{"ok", ok}, {"checks", to_json(checks)}});
}

Task<Result<ApiResponse>> types_route(ApiContext& context, RunningPlatform& running, ApiRequest&) {
  auto ready = co_await running.ready_types();
  if (!ready) co_return fail(std::move(ready).error());
  boost::json::array items;
  for (const auto& type : context.app.catalog.types()) {
    if (type->category == ServiceCategory::kInternal) continue;
    boost::json::array versions;
    for (const catalog::TypeVersion& one : type->versions) {
      const std::string canonical = type->name + "@" + one.version;
      const bool built = std::find(ready->begin(), ready->end(), canonical) != ready->end();
      versions.push_back({{"version", one.version},
                          {"type", canonical},
                          {"aliases", to_json(one.aliases)},
                          {"image", built ? "ready" : "missing"},
                          {"detail", one.note}});
    }
    boost::json::array ports;
    for (const catalog::TypePort& port : type->ports) ports.push_back(to_json(port.port));
    boost::json::array roles;
    if (!type->run_recipe.empty()) {
      roles.emplace_back("service");
      roles.emplace_back("run_base");
    }
    if (!type->build_recipe.empty()) roles.emplace_back("build_base");
    items.push_back({{"name", type->name},
                     {"title", type->title},
                     {"category", enum_to_string(type->category)},
                     {"description", type->description},
                     {"default_version", type->versions.front().version},
                     {"versions", std::move(versions)},
                     {"ports", std::move(ports)},
                     {"roles", std::move(roles)}});
  }
  co_return json_response(200, page_json(std::move(items), ""));
}

}  // namespace

void add_platform_routes(Router& router, ApiContext& context, RunningPlatform& running) {
  const auto add = [&](const char* path, Access access, auto handler) {
    router.add({"GET", path, access, BodyKind::kNone, [&context, &running, handler](ApiRequest& r) {
                  return handler(context, running, r);
                }});
  };
  add("/api/v1/status", Access::kRead, &status_route);
  add("/api/v1/doctor", Access::kAdmin, &doctor_route);
  add("/api/v1/service-types", Access::kRead, &types_route);
}

}  // namespace croft
