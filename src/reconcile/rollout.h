// What processes that bring up or take down instance sets have in common.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/environment.h"
#include "catalog/catalog.h"
#include "plan/address_plan.h"
#include "reconcile/artifacts.h"
#include "reconcile/executor.h"
#include "reconcile/world.h"
#include "store/instance_sets.h"
#include "store/store.h"

namespace croft {

// What process handlers use. One per program; outlives every handler.
struct ProcessContext {
  Store& store;
  World& world;
  Artifacts& artifacts;
  const catalog::Catalog& catalog;
  const AddressPlan& addresses;
  Clock& clock;
  PlatformAddress platform;
  std::function<void()> wake;  // desired state changed: reconcilers, look again
};

// Whether the set gets, or is to get, the service's traffic.
inline bool serves(const InstanceSet& set) {
  return set.state == InstanceSetState::kWanted && set.duty == InstanceDuty::kServe;
}

class Rollout {
 public:
  explicit Rollout(ProcessContext& context) : context_(context) {}

  // Creates the set and notes its id under "set" in the process state, in one transaction; returns
  // the noted one when the process did so before.
  Task<Result<InstanceSetId>> place(ProcessRun& run, NewInstanceSet wanted);
  // Of `place`; nullopt before.
  static std::optional<InstanceSetId> placed(ProcessRun& run);

  // Waits until all instances are ready. kDeployFailed with run.failure set when one fails,
  // kTimeout after `limit`, kCancelled when that is wanted.
  Task<Status> wait_ready(ProcessRun& run, InstanceSetId set, std::int64_t memory_bytes,
                          Millis limit);

  // One transaction: `set` serves, every other set of the service drains, `version` (unless empty)
  // is active, with its ports and its run.envVariables.
  Task<Status> make_active(ServiceId service, InstanceSetId set, VersionId version,
                           std::vector<Port> ports, spec::EnvVariables yaml);
  // Waits until the core has `set` in rotation and every other set of the service out of it.
  Task<Status> wait_switched(ProcessRun& run, ServiceId service, InstanceSetId set);

  // Marks every set of the service but `keep` (empty: all) as removing; its containers drain.
  Task<Status> begin_retiring(ServiceId service, InstanceSetId keep);
  // The same, and waits until they are gone from the engine and the store.
  Task<Status> retire_others(ProcessRun& run, ServiceId service, InstanceSetId keep);
  // The same for one set, without waiting: for what failed.
  Task<Status> abandon(InstanceSetId set);

  Task<Status> set_status(ServiceId service, ServiceStatus status);
  // After something failed: `serving` when a set serves, otherwise stopped, or ready_to_deploy
  // without an active version; failed for a managed service.
  Task<Status> settle_status(ServiceId service, ServiceStatus serving);

 private:
  ProcessContext& context_;
};

}  // namespace croft
