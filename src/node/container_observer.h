// What croft's containers on this node do: read from the engine, reported to the control plane.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "model/node_state.h"
#include "task/task.h"

namespace croft::node {

// Remembers what cannot change any more (addresses of a running container, how a stopped one
// ended), so that a look costs one list call and one inspect per container that is new.
class ContainerObserver {
 public:
  // Only containers labelled croft.install=`install_id` exist for it. `engine` outlives it.
  ContainerObserver(engine::ContainerEngine& engine, std::string install_id);

  // All of them, running and stopped, ordered by id. Fails as a whole when the engine does not
  // answer: a partial list would look like containers that vanished.
  Task<Result<std::vector<ObservedContainer>>> observe();

 private:
  Task<Result<ObservedContainer>> look(const engine::ContainerInfo& listed);
  Task<std::optional<ExitReport>> read_exit_report(std::string id);

  engine::ContainerEngine& engine_;
  std::string install_id_;
  std::map<std::string, ObservedContainer> known_;
};

}  // namespace croft::node
