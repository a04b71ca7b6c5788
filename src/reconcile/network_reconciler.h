// Segments to engine networks, and one core service for every project.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "model/node.h"
#include "plan/address_plan.h"
#include "reconcile/loop.h"
#include "reconcile/names.h"
#include "reconcile/world.h"
#include "store/store.h"

namespace croft {

class NetworkReconciler final : public Reconciler {
 public:
  // `cores_dir`: holds a state directory per project, the same path on every node. `local`: the
  // node whose engine is `engine`.
  NetworkReconciler(Store& store, engine::Engine& engine, const World& world, const Names& names,
                    const AddressPlan& addresses, std::filesystem::path cores_dir, Node local);

  std::string name() const override { return "networks"; }
  Task<Status> reconcile() override;

  // The image of core containers; until it is known, cores are neither made nor changed.
  void set_core_image(std::string image) { core_image_ = std::move(image); }

 private:
  Task<Status> ensure_network(int n, const std::string& config, const std::string& network,
                              const engine::Labels& labels,
                              const std::vector<engine::NetworkInfo>& existing);
  Task<Status> ensure_core(const Project& project,
                           const std::vector<engine::ServiceInfo>& existing);
  Task<Status> remove_strangers(const std::vector<Project>& projects,
                                const std::vector<engine::NetworkInfo>& networks,
                                const std::vector<engine::ServiceInfo>& services);
  bool device_ready(int n) const;

  Store& store_;
  engine::Engine& engine_;
  const World& world_;
  const Names& names_;
  const AddressPlan& addresses_;
  std::filesystem::path cores_dir_;
  Node local_;
  std::string core_image_;
};

}  // namespace croft
