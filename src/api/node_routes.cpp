#include "api/dto.h"
#include "api/json_reader.h"
#include "api/routes.h"
#include "api/routes_nodes.h"

namespace croft {
namespace {

boost::json::object view_json(const ApiContext& context, const NodeView& view) {
  boost::json::object json = node_json(view.node, context.app.clock.now());
  const bool drained = view.availability == NodeAvailability::kDrained;
  if (drained && json.at("status").as_string() == "ready") json["status"] = "drained";
  json["availability"] = enum_to_string(view.availability);
  boost::json::object labels;
  for (const auto& [key, value] : view.node.labels) labels[key] = value;
  json["labels"] = std::move(labels);
  return json;
}

// Never more than kMaxNodes: one page.
Task<Result<ApiResponse>> list_nodes_route(ApiContext& context, ApiRequest& request) {
  const auto views = co_await list_node_views(context.app, request.actor());
  if (!views) co_return fail(views.error());
  boost::json::array items;
  for (const NodeView& view : *views) items.push_back(view_json(context, view));
  co_return json_response(200, page_json(std::move(items), ""));
}

Task<Result<ApiResponse>> show_node_route(ApiContext& context, ApiRequest& request) {
  const auto view = co_await show_node_view(context.app, request.actor(), request.param("node"));
  if (!view) co_return fail(view.error());
  co_return json_response(200, view_json(context, *view));
}

// The node as it is now, with when its agent last reported.
Result<ApiResponse> changed(const ApiContext& context, Result<NodeView> view) {
  if (!view) return fail(std::move(view).error());
  if (context.app.node_seen) view->node.last_seen_at = context.app.node_seen(view->node.id);
  return json_response(200, view_json(context, *view));
}

Task<Result<ApiResponse>> change_node_route(ApiContext& context, ApiRequest& request) {
  const auto body = request.json_body();
  if (!body) co_return fail(body.error());
  JsonReader reader(*body);
  NodeChange change;
  change.zone = reader.optional_text("zone");
  change.labels = reader.optional_text_map("labels").value_or(change.labels);
  change.remove_labels = reader.optional_texts("remove_labels").value_or(change.remove_labels);
  CROFT_CO_TRY(reader.finish());
  auto view =
      co_await change_node(context.app, request.actor(), request.param("node"), std::move(change));
  co_return changed(context, std::move(view));
}

Task<Result<ApiResponse>> drain_node_route(ApiContext& context, NodeFacts facts,
                                           ApiRequest& request) {
  auto view = co_await drain_node(context.app, facts, request.actor(), request.param("node"));
  co_return changed(context, std::move(view));
}

Task<Result<ApiResponse>> activate_node_route(ApiContext& context, ApiRequest& request) {
  auto view = co_await activate_node(context.app, request.actor(), request.param("node"));
  co_return changed(context, std::move(view));
}

Task<Result<ApiResponse>> remove_node_route(ApiContext& context, NodeFacts facts,
                                            ApiRequest& request) {
  CROFT_CO_TRY(co_await remove_node(context.app, facts, request.actor(), request.param("node")));
  co_return empty_response(204);
}

}  // namespace

void add_node_routes(Router& router, ApiContext& context, std::function<NodeFacts()> facts) {
  const std::string all = std::string(kApiPrefix) + "/nodes";
  const std::string one = all + "/{node}";
  const auto knowing = [&](Task<Result<ApiResponse>> (*function)(ApiContext&, NodeFacts,
                                                                 ApiRequest&)) -> ApiHandler {
    return [&context, facts, function](ApiRequest& request) {
      return function(context, facts(), request);
    };
  };
  router.add({"GET", all, Access::kRead, BodyKind::kNone, bind_route(context, list_nodes_route)});
  router.add({"GET", one, Access::kRead, BodyKind::kNone, bind_route(context, show_node_route)});
  router.add(
      {"PATCH", one, Access::kAdmin, BodyKind::kJson, bind_route(context, change_node_route)});
  router.add({"DELETE", one, Access::kAdmin, BodyKind::kNone, knowing(remove_node_route)});
  router.add({"POST", one + "/drain", Access::kAdmin, BodyKind::kJson, knowing(drain_node_route)});
  router.add({"POST", one + "/activate", Access::kAdmin, BodyKind::kJson,
              bind_route(context, activate_node_route)});
}

}  // namespace croft
