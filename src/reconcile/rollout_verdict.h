// How a new instance set is doing: pure, from what is seen of its instances.
#pragma once

#include <string>
#include <vector>

#include "model/process.h"
#include "reconcile/world.h"

namespace croft {

struct RolloutVerdict {
  enum class State : std::uint8_t { kWaiting, kReady, kFailed };
  State state = State::kWaiting;
  int ready = 0;         // instances that are
  std::string detail;    // of one that is not yet: for the live log
  ProcessError failure;  // when kFailed
};

// The set needs `wanted` ready instances. The first instance that ended, or that Swarm refused,
// fails the whole: a new version that does not start once is not put beside a good one again and
// again. `memory_bytes`: the limit of one container, for the message of one that went over it.
RolloutVerdict judge_rollout(const std::vector<InstanceView>& instances, int wanted,
                             std::int64_t memory_bytes);

// Why an instance ended, with the step, the exit code and the last lines, and what to do about it.
ProcessError explain_exit(const InstanceView& instance, std::int64_t memory_bytes);

}  // namespace croft
