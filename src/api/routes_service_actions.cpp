#include "api/dto.h"
#include "api/json_reader.h"
#include "api/place.h"
#include "api/routes_services.h"
#include "app/service_actions.h"

namespace croft {
namespace {

Task<Result<ApiResponse>> act_route(ApiContext& context, ApiRequest& request,
                                    ServiceAction action) {
  const Action needed = action == ServiceAction::kDelete ? Action::kWrite : Action::kDeploy;
  auto place = co_await find_place(context, request, needed);
  if (!place) co_return fail(std::move(place).error());
  auto seen = request.if_match();
  if (!seen) co_return fail(std::move(seen).error());
  if (*seen && **seen != place->service.generation) {
    co_return fail(ErrorCode::kPrecondition,
                   "the service has changed since it was read; look at it again");
  }
  auto process = co_await act_on_service(context.app, request.actor(), place->service.id, action);
  if (!process) co_return fail(std::move(process).error());
  co_return co_await accepted_process(context, std::move(*process));
}

Task<Result<ApiResponse>> scale_route(ApiContext& context, ApiRequest& request) {
  auto place = co_await find_place(context, request, Action::kDeploy);
  if (!place) co_return fail(std::move(place).error());
  auto body = request.json_body();
  if (!body) co_return fail(std::move(body).error());
  JsonReader reader(*body);
  const auto containers = reader.optional_integer("containers", 1, kMaxContainers);
  if (!body->contains("containers")) reader.complain("containers", "is missing");
  CROFT_CO_TRY(reader.finish());
  auto process = co_await scale_service(context.app, request.actor(), place->service.id,
                                        static_cast<int>(*containers));
  if (!process) co_return fail(std::move(process).error());
  co_return co_await accepted_process(context, std::move(*process));
}

Result<NewServiceRequest> read_new_service(ApiRequest& request) {
  auto body = request.json_body();
  if (!body) return fail(std::move(body).error());
  JsonReader reader(*body);
  NewServiceRequest wanted;
  wanted.hostname = reader.text("hostname");
  wanted.type = reader.text("type");
  const std::string mode = reader.optional_text("mode").value_or("NON_HA");
  if (mode != "HA" && mode != "NON_HA") reader.complain("mode", "HA or NON_HA");
  wanted.ha = mode == "HA";
  wanted.min_containers =
      static_cast<int>(reader.optional_integer("min_containers", 1, kMaxContainers).value_or(1));
  const auto max = reader.optional_integer("max_containers", 1, kMaxContainers);
  if (max) wanted.max_containers = static_cast<int>(*max);
  wanted.subdomain_enabled = reader.optional_flag("subdomain_enabled").value_or(true);
  wanted.env_isolation = reader.optional_enum<EnvIsolation>("env_isolation");
  wanted.variables = reader.optional_text_map("variables").value_or(wanted.variables);
  const auto secrets = reader.optional_text_map("secrets");
  if (secrets) {
    for (const auto& [key, value] : *secrets) wanted.secrets[key] = Secret(value);
  }
  wanted.nearest_versions = reader.optional_flag("nearest_versions").value_or(false);
  CROFT_TRY(reader.finish());
  return wanted;
}

Task<Result<ApiResponse>> create_route(ApiContext& context, ApiRequest& request) {
  const Scope& scope = request.actor().scope;
  const std::string name = request.param("project");
  auto project =
      co_await context.app.store.read([&](const Tx& tx) { return find_project(tx, scope, name); });
  if (!project) co_return fail(std::move(project).error());
  CROFT_CO_TRY(authorize(request.actor(), Action::kWrite, project->id));
  auto wanted = read_new_service(request);
  if (!wanted) co_return fail(std::move(wanted).error());
  CROFT_CO_TRY(co_await check_can_begin(context, "service " + wanted->hostname));
  auto created = co_await create_service_use_case(context.app, request.actor(), project->id,
                                                  std::move(*wanted));
  if (!created) co_return fail(std::move(created).error());
  auto views = co_await context.app.store.read(
      [&](const Tx& tx) -> Result<std::pair<ServiceView, ProcessView>> {
        auto service = view_service(tx, scope, *project, created->service);
        if (!service) return fail(std::move(service).error());
        auto process = view_process(tx, created->process);
        if (!process) return fail(std::move(process).error());
        return std::pair(std::move(*service), std::move(*process));
      });
  if (!views) co_return fail(std::move(views).error());
  add_live_facts(context.app, *project, views->first);
  boost::json::array warnings;
  for (const std::string& text : created->warnings) {
    warnings.push_back({{"pointer", "/type"}, {"message", text}});
  }
  ApiResponse response =
      json_response(202, boost::json::object{{"service", service_json(views->first)},
                                             {"process", process_json(views->second)},
                                             {"warnings", std::move(warnings)}});
  response.headers.add("Location",
                       std::string(kApiPrefix) + "/processes/" + created->process.id.str());
  co_return response;
}

}  // namespace

void add_service_action_routes(Router& router, ApiContext& context) {
  const std::string base = "/api/v1/projects/{project}/services";
  const std::string one = base + "/{service}";
  const auto act = [&](const std::string& method, const std::string& path, Access access,
                       ServiceAction action) {
    router.add({method, path, access, BodyKind::kNone,
                [&context, action](ApiRequest& r) { return act_route(context, r, action); }});
  };
  router.add({"POST", base, Access::kWrite, BodyKind::kJson,
              [&context](ApiRequest& r) { return create_route(context, r); }});
  act("POST", one + "/start", Access::kDeploy, ServiceAction::kStart);
  act("POST", one + "/stop", Access::kDeploy, ServiceAction::kStop);
  act("POST", one + "/restart", Access::kDeploy, ServiceAction::kRestart);
  act("DELETE", one, Access::kWrite, ServiceAction::kDelete);
  router.add({"POST", one + "/scale", Access::kDeploy, BodyKind::kJson,
              [&context](ApiRequest& r) { return scale_route(context, r); }});
}

}  // namespace croft
