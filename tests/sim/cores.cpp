#include "cores.h"

#include <algorithm>

#include "agent.h"
#include "base/described.h"
#include "plan/rotation.h"

namespace croft::sim {
namespace {

bool runs(const engine::FakeContainer& container) {
  return container.info.state == engine::ContainerInfo::State::kRunning;
}

}  // namespace

Task<void> Cores::run() {
  for (;;) {
    look();
    co_await sleep_for(Millis(world_.between(80, 200)));
  }
}

int Cores::rotating(const ServiceId& wanted) const {
  int count = 0;
  for (const auto& [container, core] : cores_) {
    if (core.active) count += rotating_in(core, wanted);
  }
  return count;
}

int Cores::rotating_in(const Core& core, const ServiceId& wanted) {
  if (!core.desired) return 0;
  int count = 0;
  for (const CoreService& service : core.desired->services) {
    if (service.id != wanted) continue;
    for (const CoreInstance& instance : service.instances) {
      const auto found = core.rotation.find(instance.id);
      count += found != core.rotation.end() && found->second ? 1 : 0;
    }
  }
  return count;
}

void Cores::look() {
  look_at_containers();
  const auto before = world_.core_reports.size();
  std::map<std::string, Core> ended;
  std::erase_if(cores_, [&](const auto& entry) {
    const engine::FakeContainer* container = world_.cluster.find_container(entry.first);
    const bool gone = container == nullptr || !runs(*container);
    if (gone) world_.core_reports.erase(entry.first);
    if (gone) ended.insert(entry);
    return gone;
  });
  for (const auto& [container, core] : ended) check_end(container, core);
  if (world_.core_reports.size() != before && world_.agent != nullptr) world_.agent->wake();
  choose_active();
  for (auto& [container, core] : cores_) {
    if (world_.now() >= core.boots_at) look_at_core(container, core);
  }
}

// One that has what it must know takes the addresses when nobody has them, and keeps them.
void Cores::choose_active() {
  for (auto& [container, core] : cores_) {
    if (core.active || !core.desired || has_active(core.project)) continue;
    core.active = true;
    world_.trace(fmt::format("core: {} is active", core.slot));
  }
}

bool Cores::has_active(const ProjectId& project) const {
  return std::any_of(cores_.begin(), cores_.end(), [&](const auto& entry) {
    return entry.second.active && entry.second.project == project;
  });
}

void Cores::look_at_containers() {
  for (const auto& [id, container] : world_.node().containers) {
    if (!runs(container)) continue;
    Seen& seen = seen_[id];
    if (seen.run != container.run) seen = {.run = container.run, .truth = meet(id, container)};
    if (seen.truth == nullptr) continue;
    Truth& truth = *seen.truth;
    truth.seen_at = world_.now();
    truth.stop_requested = container.stop_requested;
    if (!truth.was_ready && world_.now() >= truth.ready_at) {
      truth.was_ready = true;
      ++world_.ready_ever[truth.set];
    }
  }
}

// A container that has started since the last look.
Truth* Cores::meet(const std::string& id, const engine::FakeContainer& container) {
  if (SimWorld::label(container, "croft.role") == "core" && !cores_.contains(id)) {
    cores_[id] = {.project = *ProjectId::parse(SimWorld::label(container, "croft.project")),
                  .slot = SimWorld::label(container, "croft.slot"),
                  .image = container.info.image,
                  .boots_at = world_.now() + Millis(world_.between(100, 900))};
  }
  const auto set = InstanceSetId::parse(SimWorld::label(container, "croft.set"));
  if (!set) return nullptr;
  const std::string image = container.info.image.substr(container.info.image.rfind(':') + 1);
  const auto known = world_.behaviours.find(image);
  const Behaviour behaviour = known == world_.behaviours.end() ? Behaviour::kGood : known->second;
  const bool never = behaviour == Behaviour::kNeverReady || behaviour == Behaviour::kExits ||
                     behaviour == Behaviour::kOutOfMemory;
  const Millis delay = never ? Millis(3'600'000)
                             : Millis(behaviour == Behaviour::kSlow ? world_.between(5000, 15'000)
                                                                    : world_.between(100, 2500));
  Truth& truth = world_.truths[id];
  truth = {.set = *set,
           .service = *ServiceId::parse(SimWorld::label(container, "croft.service")),
           .ready_at = world_.now() + delay};
  for (const engine::TaskAddresses& address : container.info.addresses) {
    by_address_[address.ipv6] = &truth;
  }
  by_task_[container.task_id] = &truth;
  return &truth;
}

InstanceState Cores::state_of(const CoreInstance& instance) const {
  const auto found = by_address_.find(instance.address6);
  if (found == by_address_.end()) return InstanceState::kUnknown;
  const Truth& truth = *found->second;
  if (truth.seen_at != world_.now()) return InstanceState::kUnknown;  // it does not run any more
  if (truth.stop_requested) return InstanceState::kDraining;
  if (world_.now() < truth.ready_at) return InstanceState::kStarting;
  if (world_.now() < truth.unhealthy_until) return InstanceState::kUnhealthy;
  return InstanceState::kReady;
}

void Cores::look_at_core(const std::string& container, Core& core) {
  const auto file = world_.core_files.find(core.project);
  const bool fresh = file != world_.core_files.end() &&
                     (!core.desired || file->second.generation > core.desired->generation);
  if (fresh) core.desired = file->second;
  if (!core.desired) {
    tell(container, {.project_id = core.project, .slot = core.slot, .revision = core.image});
    return;
  }
  std::vector<InstanceState> states;
  for (const CoreService& service : core.desired->services) {
    for (const CoreInstance& instance : service.instances) states.push_back(state_of(instance));
  }
  if (!fresh && core.settled && states == core.states && core.told_active == core.active) return;
  core.told_active = core.active;
  core.states = std::move(states);
  const std::map<std::string, bool> before = std::exchange(core.rotation, {});
  choose(core, before);
  core.settled = core.rotation == before;
  check_endpoints(core, before);
  CoreObserved report{.project_id = core.project,
                      .slot = core.slot,
                      .revision = core.image,
                      .generation = core.desired->generation,
                      .active = core.active,
                      .role = core.active ? CoreRole::kActive : CoreRole::kStandby};
  auto state = core.states.begin();
  for (const CoreService& service : core.desired->services) {
    for (const CoreInstance& instance : service.instances) {
      report.instances.push_back({.id = instance.id,
                                  .state = *state++,
                                  .detail = "",
                                  .in_rotation = core.rotation.at(instance.id)});
    }
  }
  tell(container, std::move(report));
}

void Cores::choose(Core& core, const std::map<std::string, bool>& before) {
  auto state = core.states.begin();
  for (const CoreService& service : core.desired->services) {
    std::vector<RotationCandidate> candidates;
    for (const CoreInstance& instance : service.instances) {
      const auto was = before.find(instance.id);
      candidates.push_back({.id = instance.id,
                            .duty = instance.duty,
                            .state = *state++,
                            .in_rotation = was != before.end() && was->second});
    }
    const std::vector<bool> chosen = choose_rotation(candidates);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      core.rotation[candidates[i].id] = chosen[i];
      if (candidates[i].in_rotation == chosen[i]) continue;
      world_.trace(fmt::format("core: {} of {} {} rotation", candidates[i].id.substr(0, 6),
                               service.hostname, chosen[i] ? "enters" : "leaves"));
    }
  }
}

void Cores::tell(const std::string& container, CoreObserved report) {
  CoreObserved& last = world_.core_reports[container];
  if (same(last, report)) return;
  last = std::move(report);
  if (world_.agent != nullptr) world_.agent->wake();
}

// An instance that is well leaves only while others stay, or when its service may be down. That it
// was told to stop, or was ended, is no excuse: somebody did that.
void Cores::check_endpoints(const Core& core, const std::map<std::string, bool>& before) {
  for (const auto& [task, was] : before) {
    const auto now = core.rotation.find(task);
    if (!was || (now != core.rotation.end() && now->second)) continue;
    const auto known = by_task_.find(task);
    if (known == by_task_.end()) continue;
    const Truth& truth = *known->second;
    const bool well =
        !truth.crashed && world_.now() >= truth.ready_at && world_.now() >= truth.unhealthy_until;
    if (!well || rotating_in(core, truth.service) > 0 || downtime_.expected(truth.service)) {
      continue;
    }
    world_.violate("never zero ready endpoints",
                   fmt::format("service {}: the last instance {} left rotation although it is well",
                               truth.service.str(), task.substr(0, 6)));
  }
}

// Without a core nothing of a project gets or sends anything: one may be ended while another has
// what it must know.
void Cores::check_end(const std::string& container, const Core& core) {
  if (world_.crashed_cores.contains(container) || downtime_.expected(core.project)) return;
  const bool covered = std::any_of(cores_.begin(), cores_.end(), [&](const auto& entry) {
    return entry.second.project == core.project && entry.second.desired.has_value();
  });
  if (covered) return;
  world_.violate("a project keeps its core",
                 fmt::format("the last core of project {} was ended", core.project.str()));
}

}  // namespace croft::sim
