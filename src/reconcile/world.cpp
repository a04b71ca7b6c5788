#include "reconcile/world.h"

#include <algorithm>
#include <tuple>

#include "engine/labels.h"

namespace croft {
namespace {

const ObservedInstance* find_instance(const CoreObserved& core, const std::string& task_id) {
  const auto it = std::find_if(core.instances.begin(), core.instances.end(),
                               [&](const ObservedInstance& i) { return i.id == task_id; });
  return it == core.instances.end() ? nullptr : &*it;
}

InstanceView view_of(const NodeId& node, const ObservedContainer& container) {
  InstanceView view;
  view.task_id = container.task_id;
  view.container_id = container.id;
  view.hostname = container.hostname;
  view.address4 = container.address4;
  view.address6 = container.address6;
  view.running = container.running;
  view.exit_code = container.exit_code;
  view.oom_killed = container.oom_killed;
  view.disk_full = container.disk_full;
  view.volume_full = container.volume_full;
  view.exit_report = container.exit_report;
  view.started_at = container.started_at;
  view.node_id = node;
  return view;
}

// Swarm's reason when a task ended before it ran; empty when it did not.
// Swarm's words for a container that ended by itself. It may say so before the node's agent does,
// which knows the exit code and the last lines: those are worth the wait.
bool ran(const engine::TaskInfo& task) {
  return task.error.starts_with("task: non-zero exit");
}

// What anybody here looks at.
auto facts_of(const engine::TaskInfo& task) {
  return std::tie(task.id, task.container_id, task.state, task.error, task.message, task.labels);
}

std::string rejection(const engine::TaskInfo& task) {
  if (task.state != engine::TaskState::kRejected && task.state != engine::TaskState::kFailed) {
    return {};
  }
  return task.error.empty() ? task.message : task.error;
}

constexpr const char* kFrozen =
    "frozen: its volumes hold more than volume_bytes (croft platform limits)";

}  // namespace

void World::notify() {
  changed_.notify();
  for (const auto& listener : listeners_) listener();
}

void World::set_node(const NodeId& node, NodeObserved observed) {
  NodeObserved& last = nodes_[node];
  // An agent that has just begun has not listed them yet: nothing has changed by that, and whoever
  // plans with none of them would take every instance out of rotation.
  if (!observed.containers_known && last.containers_known) {
    observed.containers = std::move(last.containers);
    observed.containers_known = true;
  }
  last = std::move(observed);
  notify();
}

// They are listed every few seconds: nobody is told of tasks that are as before.
void World::set_tasks(std::vector<engine::TaskInfo> tasks) {
  std::map<std::string, engine::TaskInfo> by_id;
  for (engine::TaskInfo& task : tasks) {
    std::string id = task.id;
    by_id.emplace(std::move(id), std::move(task));
  }
  const auto same = [](const auto& a, const auto& b) {
    return facts_of(a.second) == facts_of(b.second);
  };
  if (std::equal(by_id.begin(), by_id.end(), tasks_.begin(), tasks_.end(), same)) return;
  tasks_ = std::move(by_id);
  notify();
}

void World::set_core_image(PlatformImage image) {
  core_image_ = std::move(image);
  changed_.notify();  // reconcilers gain nothing from it
}

bool World::node_known(const NodeId& node) const {
  const auto it = nodes_.find(node);
  return it != nodes_.end() && it->second.containers_known;
}

bool World::knows_all(const std::vector<Node>& nodes) const {
  return std::all_of(nodes.begin(), nodes.end(),
                     [this](const Node& node) { return node_known(node.id); });
}

const NodeObserved* World::node(const NodeId& node) const {
  const auto it = nodes_.find(node);
  return it == nodes_.end() ? nullptr : &it->second;
}

const CoreObserved* World::active_core(const ProjectId& project) const {
  const CoreObserved* last = nullptr;
  for (const auto& [id, node] : nodes_) {
    for (const CoreObserved& core : node.cores) {
      if (core.project_id != project || !core.active) continue;
      if (last == nullptr || core.active_since_ms > last->active_since_ms) last = &core;
    }
  }
  return last;
}

// A container that has just gone may still be in a report beside its successor: what is good wins.
const CoreObserved* World::core(const ProjectId& project, const std::string& slot) const {
  const CoreObserved* found = nullptr;
  for (const auto& [id, node] : nodes_) {
    for (const CoreObserved& core : node.cores) {
      if (core.project_id != project || core.slot != slot) continue;
      if (found == nullptr || found->role == CoreRole::kFault) found = &core;
    }
  }
  return found;
}

std::vector<InstanceView> World::instances(const InstanceSetId& set) const {
  std::vector<InstanceView> views;
  for (const auto& [node_id, node] : nodes_) {
    for (const ObservedContainer& container : node.containers) {
      if (container.set_id != set) continue;
      InstanceView view = view_of(node_id, container);
      const CoreObserved* core = active_core(container.project_id);
      const ObservedInstance* seen = core ? find_instance(*core, view.task_id) : nullptr;
      if (seen && view.running) {
        view.health = seen->state;
        view.detail = seen->detail;
        view.in_rotation = seen->in_rotation;
      }
      if (view.volume_full) view.detail = kFrozen;
      // Created, but the engine could not start it: such a container has no exit code.
      const auto task = tasks_.find(view.task_id);
      if (!view.running && !view.exit_code && task != tasks_.end() && !ran(task->second)) {
        view.rejected = rejection(task->second);
      }
      views.push_back(std::move(view));
    }
  }
  // Tasks that never got a container: rejected, or waiting for a node.
  for (const auto& [id, task] : tasks_) {
    if (engine::label(task.labels, "croft.set") != set.str() || !task.container_id.empty()) {
      continue;
    }
    InstanceView view;
    view.task_id = id;
    view.detail = task.message;
    view.rejected = rejection(task);
    views.push_back(std::move(view));
  }
  std::sort(views.begin(), views.end(), [](const InstanceView& a, const InstanceView& b) {
    return a.started_at > b.started_at;
  });
  return views;
}

int World::running(const InstanceSetId& set) const {
  int count = 0;
  for (const auto& [id, node] : nodes_) {
    count += static_cast<int>(
        std::count_if(node.containers.begin(), node.containers.end(),
                      [&](const ObservedContainer& c) { return c.running && c.set_id == set; }));
  }
  return count;
}

}  // namespace croft
