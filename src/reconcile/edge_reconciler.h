// The edge: its service on every edge node, and its configuration, which knows no project. What it
// serves are the routes that the node's agent puts in place (node/edge_routes_dir.h).
#pragma once

#include <filesystem>
#include <string>

#include "app/environment.h"
#include "edge/edge.h"
#include "engine/engine.h"
#include "reconcile/loop.h"
#include "reconcile/names.h"
#include "reconcile/world.h"

namespace croft {

class EdgeReconciler final : public Reconciler {
 public:
  // `directory`: of the edge on this node, see edge_directory.h.
  EdgeReconciler(engine::SwarmEngine& engine, Edge& edge, const World& world, NodeId node,
                 const Names& names, PlatformAddress platform, std::filesystem::path directory);

  std::string name() const override { return "edge"; }
  Task<Status> reconcile() override;

  // Until it is known, the service is neither made nor changed.
  void set_image(std::string image) { image_ = std::move(image); }
  // The edge answered at the last run and works by the wanted configuration.
  bool in_sync() const { return in_sync_; }
  // The last run ended because the agent had put no routes in place yet.
  bool waits_for_routes() const { return waits_for_routes_; }

 private:
  Task<Status> ensure_service();
  Task<Status> configure();
  Result<std::string> wanted_config() const;

  engine::SwarmEngine& engine_;
  Edge& edge_;
  const World& world_;
  NodeId node_;
  const Names& names_;
  PlatformAddress platform_;
  std::filesystem::path directory_;
  std::string image_;
  std::string wanted_;  // configuration: what it is made of never changes; empty: not made yet
  bool in_sync_ = false;
  bool waits_for_routes_ = false;
};

}  // namespace croft
