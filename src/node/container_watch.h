// Keeps a list of croft's containers current: at every event of the engine, and every few seconds.
// Those that carry traffic get their priority on the CPU as soon as they are seen.
#pragma once

#include <optional>
#include <vector>

#include "engine/engine.h"
#include "node/container_observer.h"
#include "node/path_priority.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft::node {

class ContainerWatch {
 public:
  // `changed` is notified when containers() differs; all outlive the watch.
  ContainerWatch(Runtime& runtime, engine::Engine& engine, std::string install_id, Signal& changed);
  ContainerWatch(const ContainerWatch&) = delete;

  void start();
  // nullopt until the engine has answered once. Keeps the last answer while the engine is away: its
  // containers run on.
  const std::optional<std::vector<ObservedContainer>>& containers() const { return containers_; }

  // Ends all tasks. Call it before destruction.
  Task<void> stop();

 private:
  Task<void> listen();
  Task<void> look();

  engine::Engine& engine_;
  std::string install_id_;
  Signal& changed_;
  ContainerObserver observer_;
  PathPriority priority_;
  Signal wake_;
  Group group_;
  bool stopping_ = false;
  std::optional<std::vector<ObservedContainer>> containers_;
};

}  // namespace croft::node
