// Which instances of a service get new connections, and which one leads (docs/architecture.md,
// "Health channel").
#pragma once

#include <string>
#include <vector>

#include "model/core_state.h"

namespace croft {

// What the core knows about one instance when it decides.
struct RotationCandidate {
  std::string id;
  InstanceDuty duty = InstanceDuty::kHold;
  InstanceState state = InstanceState::kUnknown;  // kUnknown: it does not answer
  bool in_rotation = false;                       // by the previous decision
};

// One flag per candidate, in order. In rotation is who has duty serve and is ready. When there is
// none, those stay that were in rotation and still answer with kUnhealthy; when there is none of
// these either (a restarted core remembers nothing), everybody with duty serve that answers with
// kUnhealthy: a probe that fails everywhere must not take a service down. kUnhealthy is said only
// by an instance that was ready before.
std::vector<bool> choose_rotation(const std::vector<RotationCandidate>& candidates);

// The instance that runs what must run once per service (cron). The previous leader stays while it
// is ready with duty serve; otherwise the first such by id. Empty when there is none.
std::string choose_leader(const std::vector<RotationCandidate>& candidates,
                          const std::string& previous);

}  // namespace croft
