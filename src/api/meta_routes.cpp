// About croftd itself: the contract, and whether it lives and can work.
#include "api/openapi_text.h"
#include "api/routes.h"
#include "store/users.h"

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

Task<Result<ApiResponse>> ready_route(ApiContext& context, ApiRequest&) {
  const auto users = co_await context.app.store.read(
      [](const Tx& tx) { return count_users(tx, Scope::platform()); });
  if (!users) co_return fail(users.error());
  co_return json_response(200, {{"status", "ready"}});
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
  add("/readyz", ready_route);
}

}  // namespace croft
