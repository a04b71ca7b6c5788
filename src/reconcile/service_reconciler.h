// Instance sets to Swarm services and secrets. The only place that creates or removes either.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "engine/engine.h"
#include "plan/address_plan.h"
#include "reconcile/loop.h"
#include "reconcile/names.h"
#include "reconcile/world.h"
#include "store/store.h"

namespace croft {

class ServiceReconciler final : public Reconciler {
 public:
  ServiceReconciler(Store& store, engine::SwarmEngine& engine, World& world,
                    const catalog::Catalog& catalog, const Names& names,
                    const AddressPlan& addresses);

  std::string name() const override { return "services"; }
  Task<Status> reconcile() override;

 private:
  struct Wanted;  // one instance set with what belongs to it
  Task<Result<std::vector<Wanted>>> read_wanted();
  Task<Status> converge(const Wanted& wanted, const engine::ServiceInfo* existing, bool sees_all);
  Task<Status> create(const Wanted& wanted);
  Task<Result<std::string>> ensure_secret(const Wanted& wanted, const Secret& init_config);
  // True when nothing of the set is left.
  Task<Result<bool>> remove(const Wanted& wanted, const engine::ServiceInfo* existing,
                            bool sees_all);
  Task<Status> remove_orphans(const std::vector<engine::ServiceInfo>& existing,
                              const std::set<std::string>& sets);

  Store& store_;
  engine::SwarmEngine& engine_;
  World& world_;
  const catalog::Catalog& catalog_;
  const Names& names_;
  const AddressPlan& addresses_;
};

}  // namespace croft
