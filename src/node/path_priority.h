// Gives the containers that traffic passes through their part of the CPU.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "model/node_state.h"
#include "task/task.h"

namespace croft::node {

// A swarm's services cannot say CPU shares, so the agent sets them once a container runs.
class PathPriority {
 public:
  // `engine` outlives it.
  explicit PathPriority(engine::ContainerEngine& engine);

  // Raises every running core and edge among `containers` to kPathCpuShares, each once. What the
  // engine refuses is logged and tried again at the next call.
  Task<void> apply(std::vector<ObservedContainer> containers);

 private:
  engine::ContainerEngine& engine_;
  std::set<std::string> raised_;   // container ids
  std::set<std::string> refused_;  // said in the log
};

}  // namespace croft::node
