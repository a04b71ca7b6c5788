#include "invariants.h"

#include <algorithm>

#include "control_plane.h"
#include "reconcile/names.h"

namespace croft::sim {
namespace {

bool passing(ServiceStatus status) {
  return status == ServiceStatus::kCreating || status == ServiceStatus::kStarting ||
         status == ServiceStatus::kStopping || status == ServiceStatus::kRestarting ||
         status == ServiceStatus::kDeploying || status == ServiceStatus::kScaling ||
         status == ServiceStatus::kDeleting;
}

bool failed(VersionStatus status) {
  return status == VersionStatus::kBuildFailed ||
         status == VersionStatus::kPreparingRuntimeFailed || status == VersionStatus::kDeployFailed;
}

}  // namespace

void Invariants::look() {
  if (world_.disk.commits() == 0) return;
  const Rows& rows = reader_.read();
  for (const ProcessRow& process : rows.processes) {
    ProcessRow& last = processes_[process.id];
    if (last.id == process.id && last.status == process.status && last.step == process.step) {
      continue;
    }
    world_.trace(fmt::format("process {} {} {} {}", process.number, process.kind,
                             enum_to_string(process.status), process.step));
    last = process;
  }
  downtime_.look(rows);
  check_versions(rows);
  check_sets(rows);
  check_queues(rows);
}

void Invariants::check_versions(const Rows& rows) {
  std::map<ServiceId, std::vector<VersionId>> active;
  for (const VersionRow& version : rows.versions) {
    if (version.status == VersionStatus::kActive) active[version.service_id].push_back(version.id);
  }
  std::map<ServiceId, VersionId> now;
  for (const Service& service : rows.services) {
    const std::vector<VersionId>& mine = active[service.id];
    const VersionId& said = service.active_version_id;
    const bool agrees = said.empty() ? mine.empty() : mine == std::vector<VersionId>{said};
    if (!agrees) {
      world_.violate("exactly one active version",
                     fmt::format("{} has {}", service.hostname, mine.size()));
    }
    const auto before = active_.find(service.id);
    if (before != active_.end() && said.empty()) {
      world_.violate("exactly one active version", service.hostname + " has lost its own");
    }
    if (!said.empty()) now[service.id] = said;
  }
  active_ = std::move(now);
}

void Invariants::check_sets(const Rows& rows) {
  std::map<ServiceId, Serving> now;
  for (const InstanceSet& set : rows.sets) {
    if (set.duty != InstanceDuty::kServe || set.state != InstanceSetState::kWanted) continue;
    if (now.contains(set.service_id)) {
      world_.violate("one serving set", "two sets of a service serve");
    }
    now[set.service_id] = {set.id, set.version_id};
    const auto before = serving_.find(set.service_id);
    if (before == serving_.end() || before->second.set == set.id) continue;
    const auto service = std::find_if(rows.services.begin(), rows.services.end(),
                                      [&](const Service& one) { return one.id == set.service_id; });
    if (is_managed(service->category)) continue;  // its data is there once: it changes places
    const auto ever_ready = [this](const InstanceSetId& id) {
      const auto ready = world_.ready_ever.find(id);
      return ready == world_.ready_ever.end() ? 0 : ready->second;
    };
    if (ever_ready(before->second.set) == 0) continue;
    // With temporaryShutdown a deployment that is undone gives way to the version before it, which
    // is active all the while, however far the deployment was when it was cancelled. A restart
    // gives way to the same version.
    const VersionId& active = service->active_version_id;
    const bool gives_way = before->second.version != active || downtime_.expected(set.service_id);
    if (set.version_id == active && gives_way) continue;
    const int count = ever_ready(set.id);
    if (count >= set.containers) continue;
    world_.violate("a healthy version is never replaced by an unhealthy one",
                   fmt::format("{}: {} of {} containers of its new set were ever ready",
                               service->hostname, count, set.containers));
  }
  serving_ = std::move(now);
}

void Invariants::check_queues(const Rows& rows) {
  std::map<std::string, const ProcessRow*> busy;
  for (const ProcessRow& process : rows.processes) {
    if (process.status == ProcessStatus::kPending) continue;
    const ProcessRow*& place = busy[process.queue()];
    const bool related =
        place != nullptr && (place->parent_id == process.id || process.parent_id == place->id);
    if (place != nullptr && !related) {
      world_.violate("one process of a queue at a time",
                     fmt::format("{} and {} run both", place->kind, process.kind));
    }
    place = &process;
  }
}

std::string Invariants::unfinished() {
  if (world_.control == nullptr || !world_.control->ready()) return "croftd is not up";
  if (world_.agent == nullptr) return "the agent is not up";
  const Rows& rows = reader_.read();
  if (std::string text = unfinished_rows(rows); !text.empty()) return text;
  for (const Service& service : rows.services) {
    if (std::string text = unfinished_service(rows, service); !text.empty()) {
      return service.hostname + ": " + text;
    }
  }
  if (std::string text = unfinished_engine(rows); !text.empty()) return text;
  if (std::string text = unfinished_networks(rows); !text.empty()) return text;
  if (std::string text = unfinished_cores(rows); !text.empty()) return text;
  return world_.control->trouble();
}

std::string Invariants::unfinished_rows(const Rows& rows) {
  for (const ProcessRow& process : rows.processes) {
    return fmt::format("process {} ({}) is {} in step {}", process.number, process.kind,
                       enum_to_string(process.status), process.step);
  }
  for (const Project& project : rows.projects) {
    if (project.status == ProjectStatus::kActive) continue;
    return fmt::format("project {} is {}", project.name, enum_to_string(project.status));
  }
  for (const VersionRow& version : rows.versions) {
    // Not deployed yet: nobody asked.
    const bool waits = version.status == VersionStatus::kUploading ||
                       version.status == VersionStatus::kWaitingToBuild;
    if (!is_settled(version.status) && !waits) {
      return fmt::format("version {} is {}", version.id.str(), enum_to_string(version.status));
    }
    if (failed(version.status) && !may_fail() && world_.good(version.id)) {
      return fmt::format("version {} is {}, and nothing went wrong", version.id.str(),
                         enum_to_string(version.status));
    }
  }
  return {};
}

// Whether anything in this simulation can keep a process from doing what it was asked for.
bool Invariants::may_fail() const {
  const Plan& plan = world_.plan;
  return !plan.faults.empty() || std::any_of(plan.ops.begin(), plan.ops.end(), [](const Op& op) {
    return op.kind == Op::Kind::kCancel;
  });
}

// Of a service that is neither active nor on its way.
std::string Invariants::unfinished_idle(const Service& service,
                                        const std::vector<InstanceSet>& sets) {
  const bool runtime = !is_managed(service.category);
  if (service.status == ServiceStatus::kStopped && !downtime_.expected(service.id)) {
    return "it is stopped, and nobody stopped it";
  }
  if (service.status != ServiceStatus::kFailed) {
    if (sets.empty()) return {};
    return fmt::format("{} sets, though it is {}", sets.size(), enum_to_string(service.status));
  }
  if (!may_fail()) return "it failed, and nothing went wrong";
  // Of a runtime only a deletion can fail that far; a managed service keeps its data's container.
  if (runtime && !downtime_.expected(service.id)) return "it failed, and nobody deleted it";
  for (const InstanceSet& set : sets) {
    if (runtime || set.state == InstanceSetState::kRemoving) return "a set of it stays";
  }
  return {};
}

std::string Invariants::unfinished_service(const Rows& rows, const Service& service) {
  if (passing(service.status)) return "it stays " + std::string(enum_to_string(service.status));
  std::vector<InstanceSet> sets;
  for (const InstanceSet& set : rows.sets) {
    if (set.service_id == service.id) sets.push_back(set);
  }
  if (service.status != ServiceStatus::kActive) return unfinished_idle(service, sets);
  if (sets.size() != 1) return fmt::format("{} sets", sets.size());
  const InstanceSet& set = sets.front();
  if (set.duty != InstanceDuty::kServe || set.state != InstanceSetState::kWanted) {
    return "its set does not serve";
  }
  if (set.version_id != service.active_version_id) return "its set is not of the active version";
  if (!is_managed(service.category) && set.containers != service.containers) {
    return fmt::format("{} containers, its set {}", service.containers, set.containers);
  }
  const auto running = std::count_if(
      world_.node().containers.begin(), world_.node().containers.end(), [&](const auto& entry) {
        return entry.second.info.state == engine::ContainerInfo::State::kRunning &&
               SimWorld::label(entry.second, "croft.set") == set.id.str();
      });
  if (running != set.containers) {
    return fmt::format("{} of {} containers run", running, set.containers);
  }
  const int rotating = cores_.rotating(service.id);
  if (rotating != set.containers) {
    return fmt::format("{} of {} containers are in rotation", rotating, set.containers);
  }
  return {};
}

std::string Invariants::unfinished_engine(const Rows& rows) {
  std::set<std::string> sets;
  std::set<std::string> projects;
  std::set<std::string> expected;
  const Names names(world_.install_id);
  expected.insert(names.edge_service());
  for (const Project& project : rows.projects) {
    projects.insert(project.id.str());
    for (const char* slot : kCoreSlots) {
      expected.insert(names.core_service(project.network_number, slot));
    }
  }
  for (const InstanceSet& set : rows.sets) {
    sets.insert(set.id.str());
    const auto service = std::find_if(rows.services.begin(), rows.services.end(),
                                      [&](const Service& one) { return one.id == set.service_id; });
    expected.insert(names.set_service(*service, set));
  }
  std::set<std::string> found;
  for (const auto& [id, service] : world_.cluster.services) found.insert(service.info.spec.name);
  if (found != expected) {
    return fmt::format("{} services in the engine, {} are wanted", found.size(), expected.size());
  }
  for (const auto& [id, container] : world_.node().containers) {
    const std::string set = SimWorld::label(container, "croft.set");
    const std::string project = SimWorld::label(container, "croft.project");
    if ((!set.empty() && !sets.contains(set)) ||
        (!project.empty() && !projects.contains(project))) {
      return "orphan container " + container.info.name;
    }
  }
  std::set<std::string> secrets;
  for (const auto& [id, secret] : world_.cluster.secrets) {
    secrets.insert(secret.info.labels.at("croft.set"));
  }
  if (secrets != sets) {
    return fmt::format("{} secrets for {} sets", secrets.size(), sets.size());
  }
  for (const auto& [tag, id] : world_.node().tags) {
    if (!tag.starts_with("sim/app:")) continue;
    const bool wanted =
        std::any_of(rows.versions.begin(), rows.versions.end(),
                    [&](const VersionRow& one) { return one.id.str() == tag.substr(8); });
    if (!wanted) return "orphan image " + tag;
  }
  for (const auto& [name, volume] : world_.node().volumes) {
    const bool wanted = std::any_of(
        rows.services.begin(), rows.services.end(),
        [&](const Service& service) { return name.starts_with(names.volume(service.id, "")); });
    if (!wanted) return "orphan volume " + name;
  }
  return {};
}

std::string Invariants::unfinished_networks(const Rows& rows) {
  const Names names(world_.install_id);
  std::set<std::string> networks{names.uplink_network(), names.uplink_network_config()};
  std::set<std::string> devices{names.segment_device(0), names.uplink_child_device()};
  std::set<ProjectId> files;
  for (const Project& project : rows.projects) {
    networks.insert(names.project_network(project.network_number));
    networks.insert(names.project_network_config(project.network_number));
    devices.insert(names.segment_device(project.network_number));
    files.insert(project.id);
  }
  std::set<std::string> found;
  for (const auto& [id, network] : world_.node().networks) found.insert(network.info.spec.name);
  for (const auto& [id, network] : world_.cluster.swarm_networks) {
    found.insert(network.info.spec.name);
  }
  if (found != networks) {
    return fmt::format("{} networks, {} are wanted", found.size(), networks.size());
  }
  std::set<std::string> present;
  for (const HostDevice& device : world_.host.devices) present.insert(device.name);
  if (present != devices) {
    return fmt::format("{} interfaces, {} are wanted", present.size(), devices.size());
  }
  std::set<ProjectId> written;
  for (const auto& [project, core] : world_.core_files) written.insert(project);
  if (written != files) return "files of cores that are not wanted, or missing ones";
  if (world_.host.routes.size() != rows.projects.size()) return "routes do not match the projects";
  return {};
}

// Balancer rules and names follow from what the cores are told.
std::string Invariants::unfinished_cores(const Rows& rows) {
  std::map<ServiceId, ProjectId> wanted;
  std::set<InstanceSetId> sets;
  for (const Service& service : rows.services) wanted[service.id] = service.project_id;
  for (const InstanceSet& set : rows.sets) sets.insert(set.id);
  std::map<ServiceId, ProjectId> told;
  for (const auto& [project, core] : world_.core_files) {
    for (const CoreService& service : core.services) {
      told[service.id] = project;
      for (const CoreInstance& instance : service.instances) {
        if (!sets.contains(instance.set_id)) return "a rule for a container of a set that is gone";
      }
    }
  }
  if (told != wanted) return "rules of services that are gone, or missing ones";
  return {};
}

}  // namespace croft::sim
