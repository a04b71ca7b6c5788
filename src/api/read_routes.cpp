// What there is: services, versions.
#include "api/dto.h"
#include "api/routes.h"
#include "app/read.h"

namespace croft {
namespace {

Task<Result<ApiResponse>> list_services_route(ApiContext& context, ApiRequest& request) {
  const auto page = request.page();
  if (!page) co_return fail(page.error());
  const auto services =
      co_await list_services(context.app, request.actor(), request.param("project"), *page);
  if (!services) co_return fail(services.error());
  boost::json::array items;
  for (const ServiceView& view : services->items) items.push_back(service_json(view));
  co_return json_response(200, page_json(std::move(items), services->next));
}

Task<Result<ApiResponse>> show_service_route(ApiContext& context, ApiRequest& request) {
  const auto view = co_await show_service(context.app, request.actor(), request.param("project"),
                                          request.param("service"));
  if (!view) co_return fail(view.error());
  co_return request.with_etag(json_response(200, service_json(*view)), view->service.generation);
}

Task<Result<ApiResponse>> list_versions_route(ApiContext& context, ApiRequest& request) {
  const auto page = request.page();
  if (!page) co_return fail(page.error());
  const auto versions = co_await list_versions(
      context.app, request.actor(), request.param("project"), request.param("service"), *page);
  if (!versions) co_return fail(versions.error());
  boost::json::array items;
  for (const VersionView& view : versions->items) items.push_back(version_json(view));
  co_return json_response(200, page_json(std::move(items), versions->next));
}

Task<Result<ApiResponse>> show_version_route(ApiContext& context, ApiRequest& request) {
  const auto view = co_await show_version(context.app, request.actor(), request.param("project"),
                                          request.param("service"), request.param("version"));
  if (!view) co_return fail(view.error());
  co_return json_response(200, version_json(*view));
}

}  // namespace

void add_read_routes(Router& router, ApiContext& context) {
  const auto add = [&](const char* path, RouteFunction function) {
    router.add({"GET", std::string(kApiPrefix) + path, Access::kRead, BodyKind::kNone,
                bind_route(context, function)});
  };
  add("/projects/{project}/services", list_services_route);
  add("/projects/{project}/services/{service}", show_service_route);
  add("/projects/{project}/services/{service}/versions", list_versions_route);
  add("/projects/{project}/services/{service}/versions/{version}", show_version_route);
}

}  // namespace croft
