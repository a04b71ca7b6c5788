// The swarm's nodes: drained where an owner said so.
#pragma once

#include <string>

#include "engine/engine.h"
#include "model/node.h"
#include "reconcile/loop.h"
#include "reconcile/names.h"
#include "store/store.h"

namespace croft {

// Label of the engine's nodes. Two installations can have one engine, and a person may drain a
// node by hand: croft ends only what it has begun itself.
std::string drained_node_label(const std::string& install_id);  // "true": it is drained for croft

class NodeReconciler final : public Reconciler {
 public:
  NodeReconciler(Store& store, engine::SwarmEngine& engine, const Names& names);

  std::string name() const override { return "drains"; }
  Task<Status> reconcile() override;

 private:
  Task<Status> converge(const engine::NodeInfo& info, const Node& node, bool drained);

  Store& store_;
  engine::SwarmEngine& engine_;
  const Names& names_;
};

}  // namespace croft
