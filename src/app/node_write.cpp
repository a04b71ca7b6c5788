#include "app/node_write.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/read.h"
#include "store/node_states.h"
#include "store/nodes.h"

namespace croft {
namespace {

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

tl::unexpected<Error> refuse(const Node& node, std::string_view why) {
  return fail(ErrorCode::kConflict, fmt::format("node {}: {}", node.name, why));
}

tl::unexpected<Error> bad_word(const Node& node, std::string_view what, std::string_view text) {
  return fail(ErrorCode::kInvalid,
              fmt::format("node {}: {} '{}': {}", node.name, what, text, kNodeWordRule));
}

struct Found {
  Node node;
  std::vector<Node> all;
  std::set<NodeId> drained;

  NodeView view() const {
    const bool is = drained.contains(node.id);
    return {node, is ? NodeAvailability::kDrained : NodeAvailability::kActive};
  }
};

Result<Found> find_node(const Tx& tx, const Actor& actor, const std::string& name_or_id) {
  auto nodes = list_nodes(tx, actor.scope);
  if (!nodes) return fail(std::move(nodes).error());
  auto drained = drained_nodes(tx, actor.scope);
  if (!drained) return fail(std::move(drained).error());
  for (const Node& node : *nodes) {
    if (node.name == name_or_id || node.id.str() == name_or_id) {
      return Found{node, *nodes, std::move(*drained)};
    }
  }
  return fail(
      ErrorCode::kNotFound,
      fmt::format("node {}: there is no such node; `croft node list` shows them", name_or_id));
}

Status apply(Node& node, const NodeChange& change) {
  if (change.zone) {
    if (!change.zone->empty() && !valid_node_word(*change.zone))
      return bad_word(node, "zone", *change.zone);
    node.zone = *change.zone;
  }
  for (const auto& [key, value] : change.labels) {
    if (!valid_node_word(key)) return bad_word(node, "label", key);
    if (!value.empty() && !valid_node_word(value))
      return bad_word(node, "value of label " + key, value);
    node.labels[key] = value;
  }
  for (const std::string& key : change.remove_labels) node.labels.erase(key);
  if (node.labels.size() > kMaxNodeLabels) {
    return fail(ErrorCode::kInvalid,
                fmt::format("node {}: at most {} labels", node.name, kMaxNodeLabels));
  }
  return {};
}

NodeLoad load_of(const NodeFacts& facts, const NodeId& id) {
  const auto known = facts.loads.find(id);
  return known == facts.loads.end() ? NodeLoad{} : known->second;
}

Status may_drain(const NodeFacts& facts, const Found& found) {
  const bool another = std::any_of(found.all.begin(), found.all.end(), [&](const Node& other) {
    return other.id != found.node.id && !found.drained.contains(other.id);
  });
  if (!another) {
    return refuse(found.node,
                  "it is the only active node: what runs there could start nowhere else");
  }
  const NodeLoad load = load_of(facts, found.node.id);
  if (load.with_data == 0) return {};
  return refuse(found.node,
                fmt::format("{} containers there have their data on its disk, and would "
                            "start elsewhere without it; delete those services first",
                            load.with_data));
}

Status may_remove(const NodeFacts& facts, const Found& found) {
  const Node& node = found.node;
  if (found.all.size() == 1) return refuse(node, "it is the only node of the platform");
  if (node.id == facts.control_node) {
    return refuse(node, "the control plane runs there: it is the last manager of the swarm");
  }
  if (!found.drained.contains(node.id)) {
    return refuse(node, fmt::format("it is active; `croft node drain {}` first", node.name));
  }
  const NodeLoad load = load_of(facts, node.id);
  if (load.containers == 0) return {};
  return refuse(node, fmt::format("{} containers still run there; wait until they have ended",
                                  load.containers));
}

Result<NodeView> set_availability(Tx& tx, const NodeFacts& facts, const Actor& actor,
                                  const std::string& name_or_id, NodeAvailability wanted) {
  auto found = find_node(tx, actor, name_or_id);
  if (!found) return fail(std::move(found).error());
  NodeView view = found->view();
  if (view.availability == wanted) return view;
  const bool drain = wanted == NodeAvailability::kDrained;
  if (drain) CROFT_TRY(may_drain(facts, *found));
  CROFT_TRY(set_node_availability(tx, actor.scope, view.node.id, wanted));
  CROFT_TRY(audit_done(tx, actor, drain ? "node.drain" : "node.activate", {}, view.node.name));
  view.availability = wanted;
  return view;
}

}  // namespace

bool valid_node_word(const std::string& text) {
  constexpr std::size_t kMost = 63;
  if (text.empty() || text.size() > kMost) return false;
  if (!is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

Task<Result<std::vector<NodeView>>> list_node_views(const AppContext& context, const Actor& actor) {
  auto nodes = co_await list_nodes(context, actor);
  if (!nodes) co_return fail(std::move(nodes).error());
  auto drained =
      co_await context.store.read([&](const Tx& tx) { return drained_nodes(tx, actor.scope); });
  if (!drained) co_return fail(std::move(drained).error());
  std::vector<NodeView> views;
  for (Node& node : *nodes) {
    const bool is = drained->contains(node.id);
    views.push_back({std::move(node), is ? NodeAvailability::kDrained : NodeAvailability::kActive});
  }
  co_return views;
}

Task<Result<NodeView>> show_node_view(const AppContext& context, const Actor& actor,
                                      std::string name_or_id) {
  const auto node = co_await show_node(context, actor, std::move(name_or_id));
  if (!node) co_return fail(node.error());
  auto views = co_await list_node_views(context, actor);
  if (!views) co_return fail(std::move(views).error());
  for (NodeView& view : *views) {
    if (view.node.id == node->id) co_return std::move(view);
  }
  co_return NodeView{*node};  // removed meanwhile
}

Task<Result<NodeView>> change_node(const AppContext& context, const Actor& actor,
                                   std::string name_or_id, NodeChange change) {
  CROFT_CO_TRY(authorize(actor, Action::kAdmin, {}));
  co_return co_await context.store.write([&](Tx& tx) -> Result<NodeView> {
    auto found = find_node(tx, actor, name_or_id);
    if (!found) return fail(std::move(found).error());
    CROFT_TRY(apply(found->node, change));
    CROFT_TRY(set_node_labels(tx, actor.scope, found->node));
    CROFT_TRY(audit_done(tx, actor, "node.label", {}, found->node.name));
    return found->view();
  });
}

Task<Result<NodeView>> drain_node(const AppContext& context, const NodeFacts& facts,
                                  const Actor& actor, std::string name_or_id) {
  CROFT_CO_TRY(authorize(actor, Action::kAdmin, {}));
  auto changed = co_await context.store.write([&](Tx& tx) {
    return set_availability(tx, facts, actor, name_or_id, NodeAvailability::kDrained);
  });
  if (changed && context.wake) context.wake();
  co_return changed;
}

Task<Result<NodeView>> activate_node(const AppContext& context, const Actor& actor,
                                     std::string name_or_id) {
  CROFT_CO_TRY(authorize(actor, Action::kAdmin, {}));
  auto changed = co_await context.store.write([&](Tx& tx) {
    return set_availability(tx, {}, actor, name_or_id, NodeAvailability::kActive);
  });
  if (changed && context.wake) context.wake();
  co_return changed;
}

Task<Status> remove_node(const AppContext& context, const NodeFacts& facts, const Actor& actor,
                         std::string name_or_id) {
  CROFT_CO_TRY(authorize(actor, Action::kAdmin, {}));
  Status removed = co_await context.store.write([&](Tx& tx) -> Status {
    auto found = find_node(tx, actor, name_or_id);
    if (!found) return fail(std::move(found).error());
    CROFT_TRY(may_remove(facts, *found));
    CROFT_TRY(delete_node(tx, actor.scope, found->node.id));
    return audit_done(tx, actor, "node.remove", {}, found->node.name);
  });
  if (removed && context.wake) context.wake();
  co_return removed;
}

}  // namespace croft
