// What there is: services, versions, nodes.
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

// Never more than kMaxNodes: one page.
Task<Result<ApiResponse>> list_nodes_route(ApiContext& context, ApiRequest& request) {
  const auto nodes = co_await list_nodes(context.app, request.actor());
  if (!nodes) co_return fail(nodes.error());
  boost::json::array items;
  for (const Node& node : *nodes) items.push_back(node_json(node, context.app.clock.now()));
  co_return json_response(200, page_json(std::move(items), ""));
}

Task<Result<ApiResponse>> show_node_route(ApiContext& context, ApiRequest& request) {
  const auto node = co_await show_node(context.app, request.actor(), request.param("node"));
  if (!node) co_return fail(node.error());
  co_return json_response(200, node_json(*node, context.app.clock.now()));
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
  add("/nodes", list_nodes_route);
  add("/nodes/{node}", show_node_route);
}

}  // namespace croft
