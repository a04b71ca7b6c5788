// What is observed: the agents' reports and Swarm's tasks, joined by container and task id. Kept in
// memory only and rebuilt after a start; nothing here is ever inferred from desired state.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/container.h"
#include "model/ids.h"
#include "model/node.h"
#include "model/node_state.h"
#include "task/broadcast.h"

namespace croft {

// One instance of a set, as far as anybody knows it.
struct InstanceView {
  std::string task_id;
  std::string container_id;
  std::string hostname;
  std::string address4;
  std::string address6;
  bool running = false;
  InstanceState health = InstanceState::kUnknown;
  std::string detail;  // what its health says, or what Swarm says when it has no container
  bool in_rotation = false;
  std::optional<int> exit_code;
  bool oom_killed = false;
  bool disk_full = false;
  bool volume_full = false;  // it stands still
  std::optional<ExitReport> exit_report;
  std::string rejected;  // Swarm's reason when it could not even create the container
  std::optional<Timestamp> started_at;
  NodeId node_id;
};

// An image that the platform itself runs: whether it exists, and what is done about it.
struct PlatformImage {
  bool ready = false;
  bool making = false;
  std::string step;   // the last begun: "step 2/4, core on trixie: making it"
  std::string error;  // of the last attempt; empty before one failed
};

class World {
 public:
  explicit World(Runtime& runtime) : changed_(runtime) {}

  // A new report of a node, or what the engine's manager says about tasks. Both replace the last;
  // only the containers of a node stay until it knows them.
  void set_node(const NodeId& node, NodeObserved observed);
  void set_tasks(std::vector<engine::TaskInfo> tasks);

  // The image of cores, as far as croftd has got with it.
  void set_core_image(PlatformImage image);
  const PlatformImage& core_image() const { return core_image_; }

  // True once a node has listed its containers: before that, absence means nothing.
  bool node_known(const NodeId& node) const;
  const NodeObserved* node(const NodeId& node) const;
  const std::map<NodeId, NodeObserved>& nodes() const { return nodes_; }

  // Every instance of the set that exists, running or ended; the newest first.
  std::vector<InstanceView> instances(const InstanceSetId& set) const;
  // The report of the project's active core; null until one is active. Of two that say they are
  // (one was frozen), the one that became it last.
  const CoreObserved* active_core(const ProjectId& project) const;
  // The report of one of the project's cores; null while it does not report.
  const CoreObserved* core(const ProjectId& project, const std::string& slot) const;
  // Containers of a set that still run, on any node. 0 also while nothing is known: ask
  // knows_all() before taking it for an end.
  int running(const InstanceSetId& set) const;
  // Every one of `nodes` has told its containers since this process started.
  bool knows_all(const std::vector<Node>& nodes) const;

  // For processes that wait for the world. Reconcilers listen by on_change().
  Broadcast& changed() { return changed_; }
  void on_change(std::function<void()> listener) { listeners_.push_back(std::move(listener)); }

 private:
  void notify();

  std::map<NodeId, NodeObserved> nodes_;
  std::map<std::string, engine::TaskInfo> tasks_;
  PlatformImage core_image_;
  std::vector<std::function<void()>> listeners_;
  Broadcast changed_;
};

}  // namespace croft
