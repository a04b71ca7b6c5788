// What a swarm manager does in the fake: as many tasks as a service asks for, rolling updates,
// history.
#include <algorithm>
#include <tuple>

#include "engine/fake/cluster.h"

namespace croft::engine {
namespace {

// The part of a spec whose change replaces tasks: all but name, labels, replicas, and how it is
// updated.
auto template_of(const ServiceSpec& spec) {
  return std::tie(spec.container, spec.secrets, spec.configs, spec.networks, spec.host_network,
                  spec.restart, spec.constraints, spec.max_replicas_per_node, spec.force_update);
}

bool same_template(const ServiceSpec& a, const ServiceSpec& b) {
  return template_of(a) == template_of(b);
}

bool wanted(const FakeTask& task) {
  return task.info.desired <= TaskState::kRunning;
}

}  // namespace

std::vector<FakeTask*> FakeCluster::current_tasks(const FakeService& service) {
  std::map<std::pair<std::uint64_t, std::string>, FakeTask*> newest;
  for (auto& [id, task] : tasks) {
    if (task.info.service_id != service.info.id) continue;
    if (task.info.desired == TaskState::kRemove) continue;
    const bool global = !service.info.spec.replicas;
    FakeTask*& place = newest[{task.info.slot, global ? task.info.node_id : ""}];
    if (place == nullptr || place->sequence < task.sequence) place = &task;
  }
  std::vector<FakeTask*> current;
  for (const auto& [place, task] : newest) current.push_back(task);
  return current;
}

std::vector<FakeTask*> FakeCluster::older_tasks(const FakeTask& newest) {
  std::vector<FakeTask*> older;
  const bool global = !newest.spec.replicas;
  for (auto& [id, task] : tasks) {
    const bool same_place = task.info.service_id == newest.info.service_id &&
                            task.info.slot == newest.info.slot &&
                            (!global || task.info.node_id == newest.info.node_id);
    if (same_place && task.sequence < newest.sequence) older.push_back(&task);
  }
  std::sort(older.begin(), older.end(),
            [](const FakeTask* a, const FakeTask* b) { return a->sequence > b->sequence; });
  return older;
}

void FakeCluster::orchestrate() {
  for (auto& [id, service] : services) {
    if (!service.removed) orchestrate_service(service);
  }
  for (auto& [id, task] : tasks) {
    if (task.info.state == TaskState::kPending && wanted(task)) place_task(task);
  }
  drop_stopped_tasks();
  schedule.changed();
}

void FakeCluster::orchestrate_service(FakeService& service) {
  if (service.info.spec.replicas) {
    orchestrate_slots(service);
  } else {
    orchestrate_global(service);
  }
  const std::vector<FakeTask*> current = current_tasks(service);
  roll_update(service, current);
  finish_update(service, current_tasks(service));
  prune_history(service);
}

// True when the task has to run elsewhere, and has been told to end.
bool FakeCluster::leave_lost_node(FakeService& service, FakeTask& task) {
  if (task.info.node_id.empty() || !wanted(task) || is_final(task.info.state)) return false;
  const NodeInfo& at = nodes.at(task.info.node_id).info;
  const bool stays =
      at.state == NodeInfo::State::kReady && at.availability != NodeInfo::Availability::kDrain;
  if (stays) return false;
  stop_task(task, TaskState::kShutdown);
  if (service.info.spec.replicas) make_task(service, task.info.slot, "");
  return true;
}

void FakeCluster::orchestrate_slots(FakeService& service) {
  std::vector<FakeTask*> current = current_tasks(service);
  for (FakeTask* task : current) leave_lost_node(service, *task);
  current = current_tasks(service);
  // Whose container runs stays before others, and of these the one with the lower slot.
  std::ranges::sort(current, std::less{}, [](const FakeTask* task) {
    return std::tuple(task->info.state != TaskState::kRunning, task->info.slot);
  });
  while (current.size() > *service.info.spec.replicas) {
    FakeTask* last = current.back();
    current.pop_back();
    for (FakeTask* older : older_tasks(*last)) stop_task(*older, TaskState::kRemove);
    stop_task(*last, TaskState::kRemove);
  }
  std::set<std::uint64_t> taken;
  for (const FakeTask* task : current) taken.insert(task->info.slot);
  for (std::uint64_t slot = 1; taken.size() < *service.info.spec.replicas; ++slot) {
    if (taken.insert(slot).second) make_task(service, slot, "");
  }
}

void FakeCluster::orchestrate_global(FakeService& service) {
  std::set<std::string> served;
  for (FakeTask* task : current_tasks(service)) {
    leave_lost_node(service, *task);
    served.insert(task->info.node_id);
  }
  FakeTask probe;
  probe.spec = service.info.spec;
  probe.info.service_id = service.info.id;
  for (auto& [id, at] : nodes) {
    if (!served.contains(id) && fits(at, probe)) make_task(service, 0, id);
  }
}

void FakeCluster::roll_update(FakeService& service, const std::vector<FakeTask*>& current) {
  const UpdateConfig& config =
      service.rolling_back ? service.info.spec.rollback : service.info.spec.update;
  std::vector<FakeTask*> dirty;
  std::size_t busy = 0;
  for (FakeTask* task : current) {
    const std::vector<FakeTask*> older = older_tasks(*task);
    const bool old_still_stops = std::any_of(older.begin(), older.end(), [](const FakeTask* old) {
      return !wanted(*old) && !is_final(old->info.state);
    });
    const bool clean = same_template(task->spec, service.info.spec);
    const bool stopping = !wanted(*task) && !is_final(task->info.state);
    const bool starting = clean && wanted(*task) && task->info.state < TaskState::kRunning;
    if (clean && task->info.state == TaskState::kRunning) {
      for (FakeTask* old : older) {
        if (wanted(*old)) stop_task(*old, TaskState::kShutdown);
      }
    }
    if (stopping || starting || old_still_stops) ++busy;
    if (!clean && !stopping) dirty.push_back(task);
  }
  const std::size_t most = config.parallelism == 0 ? current.size() : config.parallelism;
  for (FakeTask* task : dirty) {
    if (service.update_paused || busy >= most) return;
    ++busy;
    const bool global = !service.info.spec.replicas;
    const std::string node_id = global ? task->info.node_id : "";
    const bool ended = is_final(task->info.state);
    if (!ended && !config.start_first) stop_task(*task, TaskState::kShutdown);
    if (config.start_first || is_final(task->info.state)) {
      make_task(service, task->info.slot, node_id);
    }
  }
}

void FakeCluster::finish_update(FakeService& service, const std::vector<FakeTask*>& current) {
  std::string& state = service.info.update_state;
  if (state != "updating" && state != "rollback_started") return;
  const bool done = std::all_of(current.begin(), current.end(), [&](const FakeTask* task) {
    const bool settled = task->info.state == TaskState::kRunning || is_final(task->info.state);
    return settled && same_template(task->spec, service.info.spec);
  });
  if (!done) return;
  state = service.rolling_back ? "rollback_completed" : "completed";
  service.info.update_message = service.rolling_back ? "rollback completed" : "update completed";
}

void FakeCluster::update_failed(FakeService& service) {
  if (service.rolling_back) {
    service.update_paused =
        service.info.spec.rollback.on_failure != UpdateConfig::OnFailure::kContinue;
    if (service.update_paused) service.info.update_state = "rollback_paused";
    return;
  }
  switch (service.info.spec.update.on_failure) {
    case UpdateConfig::OnFailure::kContinue:
      return;
    case UpdateConfig::OnFailure::kPause:
      service.update_paused = true;
      service.info.update_state = "paused";
      service.info.update_message = "update paused due to failure of a task";
      return;
    case UpdateConfig::OnFailure::kRollback:
      service.rolling_back = true;
      service.info.update_state = "rollback_started";
      service.info.spec = service.previous;
      service.info.version = next_version();
      return;
  }
}

void FakeCluster::prune_history(FakeService& service) {
  const auto keep =
      static_cast<std::size_t>(std::max<std::int64_t>(0, swarm.settings.task_history_limit));
  for (const FakeTask* newest : current_tasks(service)) {
    std::size_t kept = 0;
    for (FakeTask* old : older_tasks(*newest)) {
      if (!is_final(old->info.state)) continue;
      if (++kept > keep) old->info.desired = TaskState::kRemove;
    }
  }
}

// Tasks that shall go and have ended, with their containers; services with none left.
void FakeCluster::drop_stopped_tasks() {
  for (auto it = tasks.begin(); it != tasks.end();) {
    const FakeTask& task = it->second;
    if (task.info.desired != TaskState::kRemove || !is_final(task.info.state)) {
      ++it;
      continue;
    }
    const auto at = nodes.find(task.info.node_id);
    const std::string container_id = task.info.container_id;
    it = tasks.erase(it);
    if (at != nodes.end()) remove_container(at->second, container_id);
  }
  std::erase_if(services, [this](const auto& entry) {
    return entry.second.removed && std::none_of(tasks.begin(), tasks.end(), [&](const auto& task) {
             return task.second.info.service_id == entry.first;
           });
  });
}

}  // namespace croft::engine
