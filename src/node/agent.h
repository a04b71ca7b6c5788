// The loop of croft-node: desired state in, the machine converged to it, reports out.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "engine/engine.h"
#include "model/node_state.h"
#include "network/host_network.h"
#include "node/container_watch.h"
#include "node/control_link.h"
#include "node/core_files.h"
#include "node/core_relay.h"
#include "node/edge_routes_dir.h"
#include "node/http_watch.h"
#include "node/layer_guard.h"
#include "task/group.h"
#include "task/pool.h"
#include "task/signal.h"

namespace croft::node {

struct AgentOptions {
  std::filesystem::path directory;   // <home>/nodes/<node id>: what only the agent needs
  std::filesystem::path cores;       // <home>/cores: the same path on every node
  std::filesystem::path access_log;  // of this node's edge
  std::filesystem::path routes;      // <home>/edge/routes: what the edge of this node serves
  std::string node_id;
  std::string install_id;
  HttpEndpoint control;
};

class Agent {
 public:
  // All outlive the agent.
  Agent(Runtime& runtime, HostNetwork& network, engine::Engine& engine, LayerMeter& meter,
        Clock& clock, AgentOptions options);
  Agent(const Agent&) = delete;

  // Until request_stop(). Leaves the machine as it is: everything keeps running.
  Task<void> run();
  void request_stop();

 private:
  void read_kept_state();
  void take_desired(NodeDesired desired);
  Task<void> look();
  // These block; on the pool. What the machine itself must have, and what its cores are told.
  Status converge_host(const NodeDesired& desired);
  Status converge_cores(const NodeDesired& desired);
  Status converge_edge(const NodeDesired& desired, bool look);
  Status keep_settings();
  void publish();

  HostNetwork& network_;
  Clock& clock_;
  AgentOptions options_;
  Pool pool_{1};
  Signal changed_;
  CoreFiles files_;
  EdgeRoutesDir routes_;
  CoreRelay relay_;
  ContainerWatch containers_;
  LayerGuard layers_;
  HttpWatch http_;
  ControlLink link_;

  bool stopping_ = false;
  std::optional<NodeDesired> desired_;
  bool dirty_ = false;     // desired_ came after the last convergence began
  Millis next_check_{0};   // converges again then even if nothing was told
  std::string host_part_;  // of the desired state, that the machine was last converged to
  std::string ruleset_;    // as applied by this process
  std::int64_t applied_generation_ = 0;
  std::int64_t edge_generation_ = 0;
  std::vector<std::string> segments_;
  std::string error_;
};

// Removes every interface, route, rule and setting of the installation from the machine, and the
// state below `directory`, `cores` and `routes`. Idempotent. Blocks.
Status purge(HostNetwork& network, const AgentOptions& options);

}  // namespace croft::node
