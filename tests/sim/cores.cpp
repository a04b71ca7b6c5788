#include "cores.h"

#include <algorithm>

#include "agent.h"
#include "plan/rotation.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft::sim {
namespace {

bool runs(const engine::FakeContainer& container) {
  return container.info.state == engine::ContainerInfo::State::kRunning;
}

bool same(const CoreObserved& a, const CoreObserved& b) {
  return a.generation == b.generation && a.active == b.active &&
         std::equal(a.instances.begin(), a.instances.end(), b.instances.begin(), b.instances.end(),
                    [](const ObservedInstance& x, const ObservedInstance& y) {
                      return x.id == y.id && x.state == y.state && x.in_rotation == y.in_rotation;
                    });
}

}  // namespace

Task<void> Cores::run() {
  for (;;) {
    look();
    co_await sleep_for(Millis(world_.between(80, 200)));
  }
}

bool Cores::in_rotation(const InstanceSetId& set) const {
  for (const auto& [container, core] : cores_) {
    if (!core.desired) continue;
    for (const CoreService& service : core.desired->services) {
      for (const CoreInstance& instance : service.instances) {
        const auto found = core.rotation.find(instance.id);
        if (instance.set_id == set && found != core.rotation.end() && found->second) return true;
      }
    }
  }
  return false;
}

int Cores::rotating(const ServiceId& wanted) const {
  int count = 0;
  for (const auto& [container, core] : cores_) {
    if (!core.desired) continue;
    for (const CoreService& service : core.desired->services) {
      if (service.id != wanted) continue;
      for (const CoreInstance& instance : service.instances) {
        const auto found = core.rotation.find(instance.id);
        count += found != core.rotation.end() && found->second ? 1 : 0;
      }
    }
  }
  return count;
}

void Cores::look() {
  look_at_containers();
  const auto before = world_.core_reports.size();
  std::erase_if(cores_, [this](const auto& entry) {
    const engine::FakeContainer* container = world_.cluster.find_container(entry.first);
    const bool gone = container == nullptr || !runs(*container);
    if (gone) world_.core_reports.erase(entry.first);
    return gone;
  });
  if (world_.core_reports.size() != before && world_.agent != nullptr) world_.agent->wake();
  for (auto& [container, core] : cores_) {
    if (world_.now() >= core.boots_at) look_at_core(container, core);
  }
}

void Cores::look_at_containers() {
  by_address_.clear();
  by_task_.clear();
  for (const auto& [id, container] : world_.node().containers) {
    if (!runs(container)) continue;
    const std::string role = SimWorld::label(container, "croft.role");
    if (role == "core" && !cores_.contains(id)) {
      const auto project = ProjectId::parse(SimWorld::label(container, "croft.project"));
      cores_[id] = {.project = *project,
                    .boots_at = world_.now() + Millis(world_.between(100, 900)),
                    .desired = std::nullopt,
                    .rotation = {}};
    }
    const auto set = InstanceSetId::parse(SimWorld::label(container, "croft.set"));
    if (!set) continue;
    for (const engine::TaskAddresses& address : container.info.addresses) {
      by_address_[address.ipv6] = id;
    }
    by_task_[container.task_id] = id;
    Truth& truth = world_.truths[id];
    if (truth.run != container.run) {
      const std::string image = container.info.image.substr(container.info.image.rfind(':') + 1);
      const auto known = world_.behaviours.find(image);
      const Behaviour behaviour =
          known == world_.behaviours.end() ? Behaviour::kGood : known->second;
      const bool never = behaviour == Behaviour::kNeverReady || behaviour == Behaviour::kExits ||
                         behaviour == Behaviour::kOutOfMemory;
      const Millis delay = never
                               ? Millis(3'600'000)
                               : Millis(behaviour == Behaviour::kSlow ? world_.between(5000, 15'000)
                                                                      : world_.between(100, 2500));
      truth = {.set = *set,
               .service = *ServiceId::parse(SimWorld::label(container, "croft.service")),
               .run = container.run,
               .ready_at = world_.now() + delay,
               .unhealthy_until = {},
               .was_ready = false,
               .stop_requested = false};
    }
    truth.stop_requested = container.stop_requested;
    if (!truth.was_ready && world_.now() >= truth.ready_at) {
      truth.was_ready = true;
      ++world_.ready_ever[*set];
    }
  }
}

InstanceState Cores::state_of(const CoreInstance& instance) {
  const auto found = by_address_.find(instance.address6);
  if (found == by_address_.end()) return InstanceState::kUnknown;
  const Truth& truth = world_.truths.at(found->second);
  if (truth.stop_requested) return InstanceState::kDraining;
  if (world_.now() < truth.ready_at) return InstanceState::kStarting;
  if (world_.now() < truth.unhealthy_until) return InstanceState::kUnhealthy;
  return InstanceState::kReady;
}

void Cores::look_at_core(const std::string& container, Core& core) {
  const auto file = world_.core_files.find(core.project);
  if (file != world_.core_files.end() &&
      (!core.desired || file->second.generation > core.desired->generation)) {
    core.desired = file->second;
  }
  CoreObserved report{.project_id = core.project, .active = core.desired.has_value()};
  if (core.desired) {
    report.generation = core.desired->generation;
    const std::map<std::string, bool> before = core.rotation;
    std::map<std::string, bool> after;
    for (const CoreService& service : core.desired->services) {
      std::vector<RotationCandidate> candidates;
      for (const CoreInstance& instance : service.instances) {
        const auto was = before.find(instance.id);
        candidates.push_back({.id = instance.id,
                              .duty = instance.duty,
                              .state = state_of(instance),
                              .in_rotation = was != before.end() && was->second});
      }
      const std::vector<bool> chosen = choose_rotation(candidates);
      for (std::size_t i = 0; i < candidates.size(); ++i) {
        after[candidates[i].id] = chosen[i];
        report.instances.push_back({.id = candidates[i].id,
                                    .state = candidates[i].state,
                                    .detail = "",
                                    .in_rotation = chosen[i]});
        const auto was = before.find(candidates[i].id);
        const bool before_in = was != before.end() && was->second;
        if (before_in == chosen[i]) continue;
        world_.trace(fmt::format("core: {} of {} {} rotation", candidates[i].id.substr(0, 6),
                                 service.hostname, chosen[i] ? "enters" : "leaves"));
      }
    }
    core.rotation = after;
    for (const CoreService& service : core.desired->services) {
      check_service(service, before, after);
    }
  }
  CoreObserved& last = world_.core_reports[container];
  if (same(last, report)) return;
  last = std::move(report);
  if (world_.agent != nullptr) world_.agent->wake();
}

// Whether somebody took the instance out although it was well.
bool Cores::taken_away(const std::string& task, const CoreService& service) {
  const auto container = by_task_.find(task);
  if (container == by_task_.end()) return false;  // it ended
  const Truth& truth = world_.truths.at(container->second);
  if (truth.stop_requested) return true;
  if (world_.now() < truth.ready_at || world_.now() < truth.unhealthy_until) return false;
  const auto instance = std::find_if(service.instances.begin(), service.instances.end(),
                                     [&](const CoreInstance& i) { return i.id == task; });
  return instance == service.instances.end() || instance->duty != InstanceDuty::kServe;
}

void Cores::check_service(const CoreService& service, const std::map<std::string, bool>& before,
                          const std::map<std::string, bool>& after) {
  for (const CoreInstance& instance : service.instances) {
    const auto now = after.find(instance.id);
    if (now != after.end() && now->second) return;
  }
  // None is left. Who was there of this service: by what is known of the containers.
  for (const auto& [task, was] : before) {
    if (!was) continue;
    const auto container = by_task_.find(task);
    if (container == by_task_.end()) continue;
    if (world_.truths.at(container->second).service != service.id) continue;
    if (!taken_away(task, service) || may_be_down(service.id)) continue;
    world_.violate("never zero ready endpoints",
                   fmt::format("{}: the last instance {} left rotation although it is well",
                               service.hostname, task.substr(0, 6)));
  }
}

bool Cores::may_be_down(const ServiceId& service) {
  if (world_.shuts_down.contains(service)) return true;
  auto row = world_.disk.look(world_.clock.now(), [&](const Tx& tx) {
    return get_service(tx, Scope::platform(), service);
  });
  if (!row) return true;                       // deleted
  if (is_managed(row->category)) return true;  // one volume: stops before it starts
  // Failed is a runtime only when its deletion was.
  return row->status == ServiceStatus::kStopping || row->status == ServiceStatus::kStopped ||
         row->status == ServiceStatus::kDeleting || row->status == ServiceStatus::kFailed;
}

}  // namespace croft::sim
