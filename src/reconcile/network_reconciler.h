// Segments to engine networks, and two core services for every project.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
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
                    const AddressPlan& addresses, const Clock& clock,
                    std::filesystem::path cores_dir, Node local);

  std::string name() const override { return "networks"; }
  Task<Status> reconcile() override;

  // The image of core containers; until it is known, cores are neither made nor changed.
  void set_core_image(std::string image) { core_image_ = std::move(image); }

 private:
  Task<Status> ensure_network(int n, const std::string& config, const std::string& network,
                              const engine::Labels& labels,
                              const std::vector<engine::NetworkInfo>& existing);
  // The core services of a project, by slot; null: there is none.
  struct Cores {
    std::array<const engine::ServiceInfo*, 2> slots{};
    const engine::ServiceInfo* of_older_croft = nullptr;  // the only one it had
  };
  Task<Status> ensure_cores(const Project& project,
                            const std::vector<engine::ServiceInfo>& existing);
  Task<Status> create_missing(const Project& project, const Cores& cores);
  Task<Status> replace_outdated(const Project& project, const Cores& cores);
  bool bad_for_long(const ProjectId& project);
  // Where on the node the project's cores have their state.
  std::filesystem::path state_dir(const Project& project) const;
  engine::ServiceSpec wanted_core(const Project& project, std::size_t slot) const;
  Task<Status> remove_strangers(const std::vector<Project>& projects,
                                const std::vector<engine::NetworkInfo>& networks,
                                const std::vector<engine::ServiceInfo>& services);
  bool device_ready(int n) const;

  Store& store_;
  engine::Engine& engine_;
  const World& world_;
  const Names& names_;
  const AddressPlan& addresses_;
  const Clock& clock_;
  std::filesystem::path cores_dir_;
  Node local_;
  std::map<ProjectId, Millis> bad_since_;  // no core of the project is good since then
  std::string core_image_;
};

}  // namespace croft
