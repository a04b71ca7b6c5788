// Swarm, nodes, services, tasks, secrets and configs of the fake.
#include <algorithm>

#include "engine/fake/fake_call.h"
#include "engine/fake/fake_engine.h"
#include "engine/filter.h"

namespace croft::engine {
namespace {

constexpr std::size_t kMaxFileBytes = 500u << 10;

Error missing(const std::string& what) {
  return {ErrorCode::kNotFound, what + ": not found"};
}

Error stale(const std::string& what) {
  return {ErrorCode::kConflict, what + ": update out of sequence"};
}

Event object_event(Event::Kind kind, Event::Action action, std::string raw, std::string id,
                   std::string name) {
  Event event;
  event.kind = kind;
  event.action = action;
  event.raw_action = std::move(raw);
  event.id = std::move(id);
  event.name = std::move(name);
  event.attributes["name"] = event.name;
  return event;
}

// The engine names networks by id in what it gives back.
void name_networks_by_id(FakeCluster& cluster, FakeNode& at, ServiceSpec& spec) {
  for (NetworkAttachment& attachment : spec.networks) {
    const FakeNetwork* network = cluster.find_network(at, attachment.network);
    if (network != nullptr) attachment.network = network->info.id;
  }
}

}  // namespace

Result<FakeService*> FakeEngine::service(const std::string& id, const std::string& what) {
  FakeService* found = cluster_.find_service(id);
  if (found == nullptr) return fail(missing(what + " " + id));
  return found;
}

Answer<EngineInfo> FakeEngine::info(Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "info", ""}, limit,
                   [this]() -> Result<EngineInfo> {
                     const NodeInfo& node = here().info;
                     EngineInfo info;
                     info.engine_id = "fake-" + node.id;
                     info.name = node.hostname;
                     info.version = "fake";
                     info.api_version = "1.41";
                     info.root_dir = "/fake";
                     info.storage_driver = "memory";
                     info.cgroup_version = "2";
                     info.swarm_active = cluster_.in_swarm;
                     info.swarm_manager = cluster_.in_swarm && node.manager;
                     if (cluster_.in_swarm) info.swarm_node_id = node.id;
                     info.cpus = node.nano_cpus / 1'000'000'000;
                     info.memory_bytes = node.memory_bytes;
                     return info;
                   });
}

Answer<std::string> FakeEngine::init_swarm(const SwarmInit& init, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "init_swarm", ""}, limit,
                   [this, &init]() -> Result<std::string> {
                     if (cluster_.in_swarm) {
                       return fail(ErrorCode::kConflict,
                                   "make the engine a swarm: it is in a swarm already");
                     }
                     cluster_.in_swarm = true;
                     cluster_.swarm = {cluster_.swarm_id(), cluster_.next_version(), init.settings};
                     return node_id_;
                   });
}

Answer<SwarmInfo> FakeEngine::inspect_swarm(Millis limit) {
  return fake_call(
      cluster_, {client_, node_id_, "inspect_swarm", ""}, limit, [this]() -> Result<SwarmInfo> {
        if (cluster_.in_swarm) return cluster_.swarm;
        return fail(ErrorCode::kConflict, "look at the swarm: this node is not a swarm manager");
      });
}

Answer<void> FakeEngine::update_swarm(std::uint64_t version, const SwarmSettings& settings,
                                      Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "update_swarm", ""}, limit,
                   [this, version, settings]() -> Result<void> {
                     if (version != cluster_.swarm.version) return fail(stale("change the swarm"));
                     cluster_.swarm.settings = settings;
                     cluster_.swarm.version = cluster_.next_version();
                     return {};
                   });
}

Answer<std::vector<NodeInfo>> FakeEngine::list_nodes(Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "list_nodes", ""}, limit,
                   [this]() -> Result<std::vector<NodeInfo>> {
                     std::vector<NodeInfo> nodes;
                     for (const auto& [id, node] : cluster_.nodes) nodes.push_back(node.info);
                     return nodes;
                   });
}

Answer<NodeInfo> FakeEngine::inspect_node(std::string id, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "inspect_node", id}, limit,
                   [this, id]() -> Result<NodeInfo> {
                     const auto found = cluster_.nodes.find(id);
                     if (found == cluster_.nodes.end()) return fail(missing("look at node " + id));
                     return found->second.info;
                   });
}

Answer<void> FakeEngine::update_node(std::string id, std::uint64_t version,
                                     const NodeUpdate& update, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "update_node", id}, limit,
                   [this, id, version, update]() -> Result<void> {
                     const auto found = cluster_.nodes.find(id);
                     if (found == cluster_.nodes.end()) return fail(missing("change node " + id));
                     NodeInfo& node = found->second.info;
                     if (node.version != version) return fail(stale("change node " + id));
                     node.labels = update.labels;
                     node.availability = update.availability;
                     node.version = cluster_.next_version();
                     cluster_.emit("", object_event(Event::Kind::kNode, Event::Action::kUpdate,
                                                    "update", id, node.hostname));
                     cluster_.orchestrate_soon();
                     return {};
                   });
}

Answer<std::string> FakeEngine::create_service(const ServiceSpec& spec, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "create_service", spec.name}, limit,
                   [this, spec]() -> Result<std::string> {
                     const std::string what = "create service " + spec.name;
                     if (!cluster_.in_swarm) {
                       return fail(ErrorCode::kConflict,
                                   what + ": this node is not a swarm manager");
                     }
                     for (const auto& [id, other] : cluster_.services) {
                       if (other.info.spec.name == spec.name && !other.removed) {
                         return fail(ErrorCode::kConflict, what + ": the name is in use by " + id);
                       }
                     }
                     for (const NetworkAttachment& attachment : spec.networks) {
                       if (cluster_.find_network(here(), attachment.network) == nullptr) {
                         return fail(missing(what + ": network " + attachment.network));
                       }
                     }
                     FakeService service;
                     service.info.id = cluster_.swarm_id();
                     service.info.version = cluster_.next_version();
                     service.info.spec = spec;
                     name_networks_by_id(cluster_, here(), service.info.spec);
                     service.info.created = service.info.updated = cluster_.schedule.now();
                     const std::string id = service.info.id;
                     cluster_.services.emplace(id, std::move(service));
                     cluster_.emit("", object_event(Event::Kind::kService, Event::Action::kCreate,
                                                    "create", id, spec.name));
                     cluster_.orchestrate_soon();
                     return id;
                   });
}

Answer<ServiceInfo> FakeEngine::inspect_service(std::string id, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "inspect_service", id}, limit,
                   [this, id]() -> Result<ServiceInfo> {
                     const auto found = service(id, "look at service");
                     if (!found) return fail(Error(found.error()));
                     return (*found)->info;
                   });
}

Answer<std::vector<ServiceInfo>> FakeEngine::list_services(const Filter& filter, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "list_services", ""}, limit,
                   [this, &filter]() -> Result<std::vector<ServiceInfo>> {
                     std::vector<ServiceInfo> found;
                     for (const auto& [id, one] : cluster_.services) {
                       const bool fits = !one.removed &&
                                         has_labels(filter.labels, one.info.spec.labels) &&
                                         matches(filter, id, one.info.spec.name);
                       if (fits) found.push_back(one.info);
                     }
                     return found;
                   });
}

Answer<void> FakeEngine::update_service(std::string id, std::uint64_t version,
                                        const ServiceSpec& spec, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "update_service", id}, limit,
                   [this, id, version, spec]() -> Result<void> {
                     const auto found = service(id, "change service");
                     if (!found) return fail(Error(found.error()));
                     ServiceInfo& info = (*found)->info;
                     if (info.version != version) return fail(stale("change service " + spec.name));
                     if (info.spec.name != spec.name) {
                       return fail(ErrorCode::kInvalid,
                                   "change service " + id + ": it cannot be renamed");
                     }
                     (*found)->previous = std::exchange(info.spec, spec);
                     name_networks_by_id(cluster_, here(), info.spec);
                     (*found)->update_paused = false;
                     (*found)->rolling_back = false;
                     (*found)->restarts.clear();
                     info.version = cluster_.next_version();
                     info.updated = cluster_.schedule.now();
                     info.update_state = "updating";
                     info.update_message = "update in progress";
                     cluster_.emit("", object_event(Event::Kind::kService, Event::Action::kUpdate,
                                                    "update", info.id, spec.name));
                     cluster_.orchestrate_soon();
                     return {};
                   });
}

Answer<void> FakeEngine::remove_service(std::string id, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "remove_service", id}, limit,
                   [this, id]() -> Result<void> {
                     const auto found = service(id, "remove service");
                     if (!found) return fail(Error(found.error()));
                     (*found)->removed = true;
                     const ServiceInfo& info = (*found)->info;
                     for (auto& [task_id, task] : cluster_.tasks) {
                       if (task.info.service_id == info.id)
                         cluster_.stop_task(task, TaskState::kRemove);
                     }
                     cluster_.emit("", object_event(Event::Kind::kService, Event::Action::kRemove,
                                                    "remove", info.id, info.spec.name));
                     cluster_.orchestrate_soon();
                     return {};
                   });
}

Answer<std::vector<TaskInfo>> FakeEngine::list_tasks(const TaskFilter& filter, Millis limit) {
  return fake_call(
      cluster_, {client_, node_id_, "list_tasks", filter.service}, limit,
      [this, &filter]() -> Result<std::vector<TaskInfo>> {
        std::vector<TaskInfo> found;
        for (const auto& [id, task] : cluster_.tasks) {
          const TaskInfo& info = task.info;
          const bool of_service = filter.service.empty() || filter.service == info.service_id ||
                                  filter.service == task.spec.name;
          const bool on_node = filter.node.empty() || filter.node == info.node_id;
          const bool wanted = !filter.desired_running_only || info.desired == TaskState::kRunning;
          if (of_service && on_node && wanted && has_labels(filter.labels, info.labels)) {
            found.push_back(info);
          }
        }
        return found;
      });
}

Result<std::string> FakeEngine::create_file(std::map<std::string, FakeFile>& files,
                                            std::string_view kind, const std::string& name,
                                            const Labels& labels, const std::string& value) {
  const std::string what = fmt::format("create {} {}", kind, name);
  for (const auto& [id, file] : files) {
    if (file.info.name == name) return fail(ErrorCode::kConflict, what + ": the name is in use");
  }
  if (value.empty() || value.size() > kMaxFileBytes) {
    return fail(ErrorCode::kInvalid, what + ": it must have 1 byte to 500 KiB");
  }
  FakeFile file{{cluster_.swarm_id(), name, labels, cluster_.schedule.now()}, value};
  const std::string id = file.info.id;
  files.emplace(id, std::move(file));
  return id;
}

Status FakeEngine::remove_file(std::map<std::string, FakeFile>& files, std::string_view kind,
                               const std::string& id) {
  const std::string what = fmt::format("remove {} {}", kind, id);
  const auto found = std::find_if(files.begin(), files.end(), [&id](const auto& entry) {
    return entry.first == id || entry.second.info.name == id;
  });
  if (found == files.end()) return fail(missing(what));
  for (const auto& [service_id, one] : cluster_.services) {
    for (const auto* used : {&one.info.spec.secrets, &one.info.spec.configs}) {
      const bool in_use = std::any_of(used->begin(), used->end(), [&](const FileReference& file) {
        return file.id == found->first;
      });
      if (in_use && !one.removed) {
        return fail(ErrorCode::kConflict, what + ": is in use by service " + one.info.spec.name);
      }
    }
  }
  files.erase(found);
  return {};
}

namespace {

std::vector<FileInfo> list_of(const std::map<std::string, FakeFile>& files, const Filter& filter) {
  std::vector<FileInfo> found;
  for (const auto& [id, file] : files) {
    const bool fits =
        has_labels(filter.labels, file.info.labels) && matches(filter, id, file.info.name);
    if (fits) found.push_back(file.info);
  }
  return found;
}

}  // namespace

Answer<std::string> FakeEngine::create_secret(std::string name, const Labels& labels,
                                              const Secret& value, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "create_secret", name}, limit,
                   [this, name, labels, text = value.reveal()] {
                     return create_file(cluster_.secrets, "secret", name, labels, text);
                   });
}

Answer<std::vector<FileInfo>> FakeEngine::list_secrets(const Filter& filter, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "list_secrets", ""}, limit,
                   [this, &filter]() -> Result<std::vector<FileInfo>> {
                     return list_of(cluster_.secrets, filter);
                   });
}

Answer<void> FakeEngine::remove_secret(std::string id, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "remove_secret", id}, limit,
                   [this, id] { return remove_file(cluster_.secrets, "secret", id); });
}

Answer<std::string> FakeEngine::create_config(std::string name, const Labels& labels,
                                              const std::string& value, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "create_config", name}, limit,
                   [this, name, labels, value] {
                     return create_file(cluster_.configs, "config", name, labels, value);
                   });
}

Answer<std::vector<FileInfo>> FakeEngine::list_configs(const Filter& filter, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "list_configs", ""}, limit,
                   [this, &filter]() -> Result<std::vector<FileInfo>> {
                     return list_of(cluster_.configs, filter);
                   });
}

Answer<void> FakeEngine::remove_config(std::string id, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "remove_config", id}, limit,
                   [this, id] { return remove_file(cluster_.configs, "config", id); });
}

}  // namespace croft::engine
