// An instance set: one Swarm service, n identical containers of one version with one environment
// snapshot (docs/architecture.md, "Words in code").
#pragma once

#include <cstdint>
#include <string>

#include "base/json_codec.h"
#include "model/core_state.h"
#include "model/ids.h"

namespace croft {

// kRemoving: drained, or being drained; gone from the engine next, then from the store.
BOOST_DEFINE_ENUM_CLASS(InstanceSetState, kWanted, kRemoving)

// The init config (InitConfig, with the environment) is not a member: it holds secrets
// (store/instance_sets.h).
struct InstanceSet {
  InstanceSetId id;
  ServiceId service_id;
  ProjectId project_id;
  VersionId version_id;  // empty for a managed service
  int number = 0;        // 1, 2, 3… per service, never reused
  int containers = 1;    // 0..kMaxContainers
  InstanceDuty duty = InstanceDuty::kHold;
  InstanceSetState state = InstanceSetState::kWanted;
  std::int64_t generation = 1;
  std::string image;
  std::string secret_name;  // Swarm secret that holds the init config; empty until it exists
  Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(InstanceSet, (),
                      (id, service_id, project_id, version_id, number, containers, duty, state,
                       generation, image, secret_name, created_at))

}  // namespace croft
