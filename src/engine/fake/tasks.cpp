// The life of tasks in the fake: placement, the states up to running, the end, and restarts.
#include <fmt/format.h>

#include <algorithm>

#include "engine/fake/cluster.h"

namespace croft::engine {
namespace {

// "node.labels.croft.zone==a", "node.hostname!=x", "node.id==…", "node.role==manager".
bool meets(const NodeInfo& node, const std::string& constraint) {
  std::size_t at = constraint.find("==");
  const bool wants_equal = at != std::string::npos;
  if (!wants_equal) at = constraint.find("!=");
  if (at == std::string::npos) return false;
  const auto trim = [](std::string text) {
    text.erase(0, text.find_first_not_of(' '));
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  const std::string key = trim(constraint.substr(0, at));
  const std::string wanted = trim(constraint.substr(at + 2));
  constexpr std::string_view kLabels = "node.labels.";
  std::string value;
  if (key == "node.id") value = node.id;
  if (key == "node.hostname") value = node.hostname;
  if (key == "node.role") value = node.manager ? "manager" : "worker";
  if (key.starts_with(kLabels)) {
    const auto found = node.labels.find(key.substr(kLabels.size()));
    if (found != node.labels.end()) value = found->second;
  }
  return (value == wanted) == wants_equal;
}

ContainerSpec container_of(const FakeTask& task) {
  ContainerSpec spec;
  spec.settings = task.spec.container;
  const std::string place = task.info.slot > 0 ? std::to_string(task.info.slot) : task.info.node_id;
  spec.name = fmt::format("{}.{}.{}", task.spec.name, place, task.info.id);
  spec.settings.labels["com.docker.swarm.node.id"] = task.info.node_id;
  spec.settings.labels["com.docker.swarm.service.id"] = task.info.service_id;
  spec.settings.labels["com.docker.swarm.service.name"] = task.spec.name;
  spec.settings.labels["com.docker.swarm.task.id"] = task.info.id;
  spec.settings.labels["com.docker.swarm.task.name"] = spec.name;
  spec.networks = task.spec.networks;
  if (task.spec.host_network) spec.network_mode = "host";
  return spec;
}

}  // namespace

bool FakeCluster::fits(const FakeNode& at, const FakeTask& task) const {
  if (at.info.state != NodeInfo::State::kReady ||
      at.info.availability != NodeInfo::Availability::kActive) {
    return false;
  }
  const auto& constraints = task.spec.constraints;
  if (!std::all_of(constraints.begin(), constraints.end(),
                   [&](const std::string& text) { return meets(at.info, text); })) {
    return false;
  }
  std::uint64_t same_service = 0;
  std::int64_t memory = task.spec.container.resources.reserved_memory_bytes;
  std::int64_t cpus = task.spec.container.resources.reserved_nano_cpus;
  for (const auto& [id, other] : tasks) {
    const bool counts = other.info.node_id == at.info.id && id != task.info.id &&
                        other.info.desired <= TaskState::kRunning && !is_final(other.info.state);
    if (!counts) continue;
    same_service += other.info.service_id == task.info.service_id ? 1 : 0;
    memory += other.spec.container.resources.reserved_memory_bytes;
    cpus += other.spec.container.resources.reserved_nano_cpus;
  }
  const std::uint64_t most = task.spec.max_replicas_per_node;
  return (most == 0 || same_service < most) && memory <= at.info.memory_bytes &&
         cpus <= at.info.nano_cpus;
}

FakeTask& FakeCluster::make_task(FakeService& service, std::uint64_t slot,
                                 const std::string& node_id) {
  FakeTask task;
  task.info.id = swarm_id();
  task.info.service_id = service.info.id;
  task.info.node_id = node_id;
  task.info.slot = slot;
  task.info.labels = service.info.spec.container.labels;
  task.info.desired = TaskState::kRunning;
  task.info.image = service.info.spec.container.image;
  task.info.created = schedule.now();
  task.info.state_since = task.info.created;
  task.info.message = "created";
  task.spec = service.info.spec;
  task.sequence = next_version();
  const std::string id = task.info.id;
  FakeTask& made = tasks.emplace(id, std::move(task)).first->second;
  schedule.after(Millis(0), [this, id] {
    const auto found = tasks.find(id);
    if (found == tasks.end() || is_final(found->second.info.state)) return;
    set_task_state(found->second, TaskState::kPending, "pending task scheduling");
    place_task(found->second);
  });
  return made;
}

void FakeCluster::set_task_state(FakeTask& task, TaskState state, const std::string& message) {
  task.info.state = state;
  task.info.message = message;
  task.info.state_since = schedule.now();
  schedule.changed();
}

// Runs the step to `to` unless the task was stopped or removed meanwhile.
void FakeCluster::advance_task(const std::string& id, TaskState to) {
  const auto found = tasks.find(id);
  if (found == tasks.end() || is_final(found->second.info.state)) return;
  FakeTask& task = found->second;
  if (!nodes.at(task.info.node_id).reachable) return;  // its agent does nothing for now
  if (to == TaskState::kPreparing) {
    set_task_state(task, TaskState::kPreparing, "preparing");
    prepare_task(task);
  } else if (to == TaskState::kReady) {
    set_task_state(task, TaskState::kReady, "prepared");
    if (!task.held) run_task(task);
  }
}

void FakeCluster::place_task(FakeTask& task) {
  std::string best = task.info.node_id;  // given for a global service
  std::pair<std::size_t, std::size_t> best_load;
  for (auto& [id, at] : nodes) {
    if (!task.info.node_id.empty() || !fits(at, task)) continue;
    std::pair<std::size_t, std::size_t> load;  // of the same service, of all
    for (const auto& [other_id, other] : tasks) {
      if (other.info.node_id != id || is_final(other.info.state)) continue;
      ++load.second;
      if (other.info.service_id == task.info.service_id) ++load.first;
    }
    if (best.empty() || load < best_load) {
      best = id;
      best_load = load;
    }
  }
  if (best.empty()) {
    task.info.error = "no suitable node (constraints, limits or reservations are not met)";
    return;
  }
  task.info.error.clear();
  task.info.node_id = best;
  set_task_state(task, TaskState::kAssigned, "scheduler assigned task to node");
  schedule.after(timings.assign,
                 [this, id = task.info.id] { advance_task(id, TaskState::kPreparing); });
}

void FakeCluster::prepare_task(FakeTask& task) {
  FakeNode& at = nodes.at(task.info.node_id);
  const auto reject_after = [this, id = task.info.id](Millis delay, const std::string& why) {
    schedule.after(delay, [this, id, why] {
      const auto found = tasks.find(id);
      if (found == tasks.end() || is_final(found->second.info.state)) return;
      task_failed(found->second, TaskState::kRejected, why);
    });
  };
  if (find_image(at, task.spec.container.image) == nullptr) {
    reject_after(timings.missing_image,
                 fmt::format("No such image: {}", task.spec.container.image));
    return;
  }
  for (const NetworkAttachment& attachment : task.spec.networks) {
    const FakeNetwork* network = find_network(at, attachment.network);
    if (network != nullptr && effective_spec(at, *network) != nullptr) continue;
    const std::string missing =
        network == nullptr ? attachment.network : network->info.spec.config_from;
    reject_after(timings.prepare, fmt::format("network {} not found", missing));
    return;
  }
  schedule.after(timings.prepare,
                 [this, id = task.info.id] { advance_task(id, TaskState::kReady); });
}

void FakeCluster::run_task(FakeTask& task) {
  FakeNode& at = nodes.at(task.info.node_id);
  set_task_state(task, TaskState::kStarting, "starting");
  auto created = create_container(at, container_of(task), task.info.id);
  if (!created) return task_failed(task, TaskState::kRejected, created.error().message());
  task.info.container_id = *created;
  FakeContainer& container = at.containers.at(*created);
  prepare_run(container);
  schedule.after(timings.start + container.process.start_delay, [this, id = task.info.id] {
    const auto found = tasks.find(id);
    if (found == tasks.end() || is_final(found->second.info.state)) return;
    FakeTask& mine = found->second;
    FakeNode& on = nodes.at(mine.info.node_id);
    const Status started = start_container(on, on.containers.at(mine.info.container_id));
    if (!started) {
      return task_failed(mine, TaskState::kFailed,
                         "starting container failed: " + started.error().message());
    }
    set_task_state(mine, TaskState::kRunning, "started");
    orchestrate_soon();
  });
}

void FakeCluster::task_container_ended(FakeContainer& container) {
  const auto found = tasks.find(container.task_id);
  if (found == tasks.end() || is_final(found->second.info.state)) return;
  FakeTask& task = found->second;
  task.info.exit_code = container.info.exit_code;
  if (task.info.desired > TaskState::kRunning) {
    set_task_state(task, TaskState::kShutdown, "shutdown");
    orchestrate_soon();
  } else if (container.info.exit_code == 0) {
    set_task_state(task, TaskState::kComplete, "finished");
    restart_if_allowed(task);
  } else {
    task_failed(task, TaskState::kFailed,
                fmt::format("task: non-zero exit ({})", *container.info.exit_code));
  }
}

void FakeCluster::task_failed(FakeTask& task, TaskState state, const std::string& error) {
  task.info.error = error;
  set_task_state(task, state, state == TaskState::kRejected ? "preparing" : "started");
  FakeService* service = find_service(task.info.service_id);
  if (service != nullptr) {
    const bool new_template = task.spec.container == service->info.spec.container;
    const bool updating = service->info.update_state == "updating" ||
                          service->info.update_state == "rollback_started";
    if (new_template && updating) update_failed(*service);
  }
  restart_if_allowed(task);
}

bool FakeCluster::may_restart(FakeService& service, const FakeTask& task) {
  const RestartPolicy& policy = service.info.spec.restart;
  if (policy.condition == RestartPolicy::Condition::kNone) return false;
  const bool failed = task.info.state != TaskState::kComplete;
  if (policy.condition == RestartPolicy::Condition::kOnFailure && !failed) return false;
  std::vector<Timestamp>& restarts = service.restarts[task.info.slot];
  if (policy.window > Millis(0)) {
    const Timestamp oldest = schedule.now() + -policy.window;
    std::erase_if(restarts, [oldest](Timestamp time) { return time < oldest; });
  }
  return policy.max_attempts == 0 || restarts.size() < policy.max_attempts;
}

void FakeCluster::restart_if_allowed(FakeTask& task) {
  orchestrate_soon();
  if (task.info.desired > TaskState::kRunning) return;
  task.info.desired = TaskState::kShutdown;
  FakeService* service = find_service(task.info.service_id);
  if (service == nullptr || !may_restart(*service, task)) return;
  service->restarts[task.info.slot].push_back(schedule.now());
  const Millis delay = service->info.spec.restart.delay;
  const bool global = !service->info.spec.replicas;
  FakeTask& next = make_task(*service, task.info.slot, global ? task.info.node_id : "");
  next.held = delay > Millis(0);
  if (!next.held) return;
  next.info.desired = TaskState::kReady;
  schedule.after(delay, [this, id = next.info.id] {
    const auto found = tasks.find(id);
    if (found == tasks.end() || found->second.info.desired > TaskState::kRunning) return;
    found->second.held = false;
    found->second.info.desired = TaskState::kRunning;
    if (found->second.info.state == TaskState::kReady) run_task(found->second);
  });
}

void FakeCluster::stop_task(FakeTask& task, TaskState desired) {
  task.info.desired = desired;
  orchestrate_soon();
  if (is_final(task.info.state)) return;
  const auto at = nodes.find(task.info.node_id);
  if (at != nodes.end() && !at->second.reachable) return;  // when it returns
  const auto container = at == nodes.end() ? std::map<std::string, FakeContainer>::iterator()
                                           : at->second.containers.find(task.info.container_id);
  const bool runs = at != nodes.end() && container != at->second.containers.end() &&
                    container->second.info.state == ContainerInfo::State::kRunning;
  if (!runs) return set_task_state(task, TaskState::kShutdown, "shutdown");
  stop_container(at->second, container->second,
                 task.spec.container.stop_grace.value_or(Millis(10'000)));
}

}  // namespace croft::engine
