// Routes to the edge: its service on every edge node, and its configuration.
#pragma once

#include <filesystem>
#include <string>

#include "app/environment.h"
#include "edge/edge.h"
#include "engine/engine.h"
#include "plan/address_plan.h"
#include "plan/edge_config.h"
#include "reconcile/loop.h"
#include "reconcile/names.h"
#include "store/store.h"

namespace croft {

class EdgeReconciler final : public Reconciler {
 public:
  // `directory`: of the edge on this node, see edge_directory.h.
  EdgeReconciler(Store& store, engine::SwarmEngine& engine, Edge& edge, const Names& names,
                 const AddressPlan& addresses, PlatformAddress platform,
                 std::filesystem::path directory);

  std::string name() const override { return "edge"; }
  Task<Status> reconcile() override;

  // Until it is known, the service is neither made nor changed.
  void set_image(std::string image) { image_ = std::move(image); }
  // The edge answered at the last run and works by the wanted configuration.
  bool in_sync() const { return in_sync_; }

 private:
  Task<Status> ensure_service();
  Task<Result<std::string>> wanted_config();

  Store& store_;
  engine::SwarmEngine& engine_;
  Edge& edge_;
  const Names& names_;
  const AddressPlan& addresses_;
  PlatformAddress platform_;
  std::filesystem::path directory_;
  std::string image_;
  bool in_sync_ = false;
};

}  // namespace croft
