#include "api/place.h"
#include "api/routes_live.h"
#include "store/instance_sets.h"
#include "store/services.h"
#include "store/versions.h"

namespace croft {
namespace {

struct SetWithNumber {
  InstanceSet set;
  std::string service;
  int version = 0;  // number
};

boost::json::object instance_json(const SetWithNumber& of, const LiveInstance& instance) {
  boost::json::object json{{"id", instance.id},
                           {"service", of.service},
                           {"name", instance.name},
                           {"version_id", of.set.version_id.str()},
                           {"version", of.version},
                           {"set_id", of.set.id.str()},
                           {"set", of.set.number},
                           {"node", instance.node},
                           {"address4", instance.address4},
                           {"address6", instance.address6},
                           {"state", enum_to_string(instance.state)},
                           {"duty", enum_to_string(of.set.duty)},
                           {"in_rotation", instance.in_rotation},
                           {"detail", instance.detail},
                           {"started_at", nullptr}};
  if (instance.started_at) json["started_at"] = format_rfc3339(*instance.started_at);
  return json;
}

Result<std::vector<SetWithNumber>> sets_of(const Tx& tx, const Scope& scope,
                                           const std::vector<Service>& services) {
  std::vector<SetWithNumber> found;
  for (const Service& service : services) {
    auto sets = list_instance_sets(tx, scope, service.id);
    if (!sets) return fail(std::move(sets).error());
    for (InstanceSet& set : *sets) {
      SetWithNumber one{.set = std::move(set), .service = service.hostname, .version = 0};
      if (!one.set.version_id.empty()) {
        auto version = get_version(tx, scope, one.set.version_id);
        if (version) one.version = version->number;
      }
      found.push_back(std::move(one));
    }
  }
  return found;
}

ApiResponse answer(RunningPlatform& running, const std::vector<SetWithNumber>& sets) {
  boost::json::array items;
  for (const SetWithNumber& one : sets) {
    for (const LiveInstance& instance : running.instances(one.set.id)) {
      if (instance.running || instance.container_id.empty()) {
        items.push_back(instance_json(one, instance));
      }
    }
  }
  return json_response(200, page_json(std::move(items), ""));
}

Task<Result<ApiResponse>> of_service(ApiContext& context, RunningPlatform& running,
                                     ApiRequest& request) {
  auto place = co_await find_place(context, request, Action::kRead);
  if (!place) co_return fail(std::move(place).error());
  const Scope& scope = request.actor().scope;
  auto sets = co_await context.app.store.read(
      [&](const Tx& tx) { return sets_of(tx, scope, {place->service}); });
  if (!sets) co_return fail(std::move(sets).error());
  co_return answer(running, *sets);
}

Task<Result<ApiResponse>> of_project(ApiContext& context, RunningPlatform& running,
                                     ApiRequest& request) {
  const Scope& scope = request.actor().scope;
  const std::string name = request.param("project");
  auto sets =
      co_await context.app.store.read([&](const Tx& tx) -> Result<std::vector<SetWithNumber>> {
        auto project = find_project(tx, scope, name);
        if (!project) return fail(std::move(project).error());
        auto services = list_services(tx, scope, project->id);
        if (!services) return fail(std::move(services).error());
        return sets_of(tx, scope, *services);
      });
  if (!sets) co_return fail(std::move(sets).error());
  co_return answer(running, *sets);
}

}  // namespace

void add_instance_routes(Router& router, ApiContext& context, RunningPlatform& running) {
  router.add({"GET", "/api/v1/projects/{project}/services/{service}/instances", Access::kRead,
              BodyKind::kNone,
              [&context, &running](ApiRequest& r) { return of_service(context, running, r); }});
  router.add({"GET", "/api/v1/projects/{project}/instances", Access::kRead, BodyKind::kNone,
              [&context, &running](ApiRequest& r) { return of_project(context, running, r); }});
}

}  // namespace croft
