#include "reconcile/node_reconciler.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "store/node_states.h"
#include "store/nodes.h"

namespace croft {
namespace {

constexpr Millis kEngineLimit{15'000};

using Availability = engine::NodeInfo::Availability;

}  // namespace

std::string drained_node_label(const std::string& install_id) {
  return "croft." + install_id + ".drained";
}

NodeReconciler::NodeReconciler(Store& store, engine::SwarmEngine& engine, const Names& names)
    : store_(store), engine_(engine), names_(names) {}

Task<Status> NodeReconciler::converge(const engine::NodeInfo& info, const Node& node,
                                      bool drained) {
  engine::NodeUpdate update{.labels = info.labels, .availability = info.availability};
  const std::string label = drained_node_label(names_.install());
  if (drained) {
    update.labels[label] = "true";
    update.availability = Availability::kDrain;
  } else if (update.labels.erase(label) > 0) {
    update.availability = Availability::kActive;
  }
  if (update.labels == info.labels && update.availability == info.availability) co_return Status{};
  log_info("the swarm's node is changed", {{"node", node.name}, {"drained", drained}});
  co_return co_await engine_.update_node(info.id, info.version, update, kEngineLimit);
}

Task<Status> NodeReconciler::reconcile() {
  struct Wanted {
    std::vector<Node> nodes;
    std::set<NodeId> drained;
  };
  auto wanted = co_await store_.read([](const Tx& tx) -> Result<Wanted> {
    auto nodes = list_nodes(tx, Scope::platform());
    if (!nodes) return fail(std::move(nodes).error());
    auto drained = drained_nodes(tx, Scope::platform());
    if (!drained) return fail(std::move(drained).error());
    return Wanted{std::move(*nodes), std::move(*drained)};
  });
  if (!wanted) co_return fail(std::move(wanted).error());
  auto members = co_await engine_.list_nodes(kEngineLimit);
  if (!members) co_return fail(std::move(members).error());
  Status first;
  for (const engine::NodeInfo& info : *members) {
    const auto node = std::find_if(wanted->nodes.begin(), wanted->nodes.end(),
                                   [&](const Node& one) { return one.engine_id == info.id; });
    if (node == wanted->nodes.end()) continue;
    Status done = co_await converge(info, *node, wanted->drained.contains(node->id));
    if (!done && first) first = std::move(done);  // one node's trouble does not hold up others
  }
  co_return first;
}

}  // namespace croft
