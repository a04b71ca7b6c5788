// About croftd itself: the contract, and whether it lives and can work.
#include <algorithm>

#include "api/openapi_text.h"
#include "api/routes.h"
#include "api/routes_live.h"

namespace croft {
namespace {

Task<Result<ApiResponse>> openapi_route(ApiContext&, ApiRequest&) {
  ApiResponse response;
  response.body = std::string(kOpenApiText);
  co_return response;
}

Task<Result<ApiResponse>> health_route(ApiContext&, ApiRequest&) {
  co_return json_response(200, {{"status", "ok"}});
}

Task<Result<ApiResponse>> ready_route(RunningPlatform& running) {
  const std::vector<ReadyCheck> checks = co_await running.readiness();
  const bool ready =
      std::all_of(checks.begin(), checks.end(), [](const ReadyCheck& one) { return one.ok; });
  co_return json_response(ready ? 200 : 503,
                          {{"status", ready ? "ready" : "not_ready"}, {"checks", to_json(checks)}});
}

}  // namespace

ApiHandler bind_route(ApiContext& context, RouteFunction function) {
  return [&context, function](ApiRequest& request) { return function(context, request); };
}

void add_meta_routes(Router& router, ApiContext& context) {
  const auto add = [&](const std::string& path, RouteFunction function) {
    router.add({"GET", path, Access::kPublic, BodyKind::kNone, bind_route(context, function)});
  };
  add(std::string(kApiPrefix) + "/openapi.json", openapi_route);
  add("/healthz", health_route);
}

void add_ready_route(Router& router, RunningPlatform& running) {
  router.add({"GET", "/readyz", Access::kPublic, BodyKind::kNone,
              [&running](ApiRequest&) { return ready_route(running); }});
}

}  // namespace croft
