// Everything croftd consists of, joined: the only place that names adapters.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/host_facts.h"
#include "daemon/settings.h"
#include "reconcile/world.h"
#include "store/store.h"
#include "task/signal.h"
#include "task/task.h"

namespace croft {

class Platform {
 public:
  // References outlive it.
  Platform(Runtime& runtime, Store& store, Clock& clock, Random& random, DaemonOptions options);
  ~Platform();

  // Runs the control plane until stop(); the program's exit code.
  Task<int> run();
  void stop();

  // Removes what this installation made in the engine: services, containers, secrets, networks,
  // volumes, images. The exit code.
  Task<int> purge();

  struct Parts;

 private:
  Task<Status> prepare();  // engine, swarm, node, addresses
  Task<Status> forget_unanswered_requests();
  // The node that this machine is. Waits for an engine that does not answer unless the store knows
  // the node from an earlier life: then the API opens without it, and says what is down.
  Task<Result<Node>> find_node(const Installation& installation);
  // What must be done in the engine before processes run. Stops croftd, for a new start, when the
  // engine is not the one that the store knew.
  Task<Status> take_engine();
  // Once the engine is taken.
  Task<void> run_processes();
  Task<void> build_platform_images();
  // One of them; `tell` hears how far it is.
  Task<Result<std::string>> build_platform_image(std::string type,
                                                 std::function<void(PlatformImage)> tell);
  Task<Status> write_setup_token();
  void start_loops();

  Runtime& runtime_;
  Store& store_;
  Clock& clock_;
  Random& random_;
  DaemonOptions options_;
  HostFacts facts_;
  Signal stop_;
  bool stopping_ = false;
  std::unique_ptr<Parts> parts_;
};

}  // namespace croft
