// Swarm, nodes, services and tasks.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/docker/docker_engine.h"
#include "engine/docker/filters.h"
#include "engine/docker/service_json.h"

namespace croft::engine {

namespace json = boost::json;

Answer<EngineInfo> DockerEngine::info(Millis limit) {
  const Deadline deadline(limit);
  auto version = co_await api_.version(deadline);
  if (!version) co_return fail(std::move(version).error());
  const ApiCall call("GET", "/info", "ask the engine about itself");
  const auto answer = co_await api_.send(call, deadline);
  if (!answer) co_return fail(Error(answer.error()));
  const JsonView view(*answer);
  EngineInfo info;
  info.engine_id = view["ID"].text();
  info.name = view["Name"].text();
  info.version = view["ServerVersion"].text();
  info.api_version = *version;
  info.root_dir = view["DockerRootDir"].text();
  info.storage_driver = view["Driver"].text();
  info.cgroup_version = view["CgroupVersion"].text();
  info.swarm_node_id = view["Swarm"]["NodeID"].text();
  info.swarm_active = view["Swarm"]["LocalNodeState"].text() == "active";
  info.swarm_manager = view["Swarm"]["ControlAvailable"].flag();
  info.cpus = view["NCPU"].integer();
  info.memory_bytes = view["MemTotal"].integer();
  co_return info;
}

Answer<std::string> DockerEngine::init_swarm(const SwarmInit& init, Millis limit) {
  json::object spec;
  put_swarm_settings(spec, init.settings);
  ApiCall call("POST", "/swarm/init", "make the engine a swarm");
  call.body = json::serialize(json::object{{"AdvertiseAddr", init.advertise_address},
                                           {"ListenAddr", init.listen_address},
                                           {"Spec", std::move(spec)}});
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return JsonView(*answer).text();
}

Answer<SwarmInfo> DockerEngine::inspect_swarm(Millis limit) {
  const ApiCall call("GET", "/swarm", "look at the swarm");
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  const JsonView view(*answer);
  co_return SwarmInfo{view["ID"].text(), view["Version"]["Index"].count(),
                      swarm_settings_from_json(view["Spec"])};
}

Answer<void> DockerEngine::update_swarm(std::uint64_t version, const SwarmSettings& settings,
                                        Millis limit) {
  const Deadline deadline(limit);
  const ApiCall look("GET", "/swarm", "change the swarm's settings");
  auto current = co_await api_.send(look, deadline);
  if (!current) co_return fail(std::move(current).error());
  // Settings that croft does not manage stay as they are: an update replaces the whole spec.
  json::object spec;
  if (const auto* now =
          current->is_object() ? current->get_object().if_contains("Spec") : nullptr) {
    if (now->is_object()) spec = now->get_object();
  }
  put_swarm_settings(spec, settings);
  ApiCall call("POST", "/swarm/update", look.what);
  call.query.add("version", std::to_string(version));
  call.body = json::serialize(spec);
  const auto answer = co_await api_.send(call, deadline);
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<std::vector<NodeInfo>> DockerEngine::list_nodes(Millis limit) {
  const ApiCall call("GET", "/nodes", "list the nodes");
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  std::vector<NodeInfo> nodes;
  for (const JsonView item : JsonView(*answer).items()) nodes.push_back(node_from_json(item));
  co_return nodes;
}

Answer<NodeInfo> DockerEngine::inspect_node(std::string id, Millis limit) {
  const ApiCall call("GET", "/nodes/" + percent_encode(id), fmt::format("look at node {}", id));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return node_from_json(*answer);
}

Answer<void> DockerEngine::update_node(std::string id, std::uint64_t version,
                                       const NodeUpdate& update, Millis limit) {
  const Deadline deadline(limit);
  const auto node = co_await inspect_node(id, deadline.remaining());
  if (!node) co_return fail(Error(node.error()));
  const std::string_view availability =
      update.availability == NodeInfo::Availability::kActive  ? "active"
      : update.availability == NodeInfo::Availability::kPause ? "pause"
                                                              : "drain";
  ApiCall call("POST", "/nodes/" + percent_encode(node->id) + "/update",
               fmt::format("change node {}", id));
  call.query.add("version", std::to_string(version));
  call.body = json::serialize(json::object{{"Name", node->name},
                                           {"Role", node->manager ? "manager" : "worker"},
                                           {"Availability", availability},
                                           {"Labels", to_json(update.labels)}});
  const auto answer = co_await api_.send(call, deadline);
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<std::string> DockerEngine::create_service(const ServiceSpec& spec, Millis limit) {
  ApiCall call("POST", "/services/create", fmt::format("create service {}", spec.name));
  call.body = json::serialize(service_to_json(spec));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return JsonView(*answer)["ID"].text();
}

Answer<void> DockerEngine::mark_host_network(ServiceSpec& spec, const Deadline& deadline) {
  if (spec.networks.size() != 1 || !spec.networks.front().aliases.empty()) {
    co_return Result<void>();
  }
  const std::string id = spec.networks.front().network;
  if (host_network_id_.empty() && !own_networks_.contains(id)) {
    const auto network = co_await inspect_network(id, deadline.remaining());
    if (!network && network.error().code() != ErrorCode::kNotFound) {
      co_return fail(Error(network.error()));
    }
    if (network && network->spec.driver == "host") {
      host_network_id_ = id;
    } else {
      own_networks_.insert(id);
    }
  }
  spec.host_network = id == host_network_id_;
  if (spec.host_network) spec.networks.clear();
  co_return Result<void>();
}

Answer<ServiceInfo> DockerEngine::inspect_service(std::string id, Millis limit) {
  const Deadline deadline(limit);
  const ApiCall call("GET", "/services/" + percent_encode(id),
                     fmt::format("look at service {}", id));
  const auto answer = co_await api_.send(call, deadline);
  if (!answer) co_return fail(Error(answer.error()));
  ServiceInfo service = service_info_from_json(*answer);
  CROFT_CO_TRY(co_await mark_host_network(service.spec, deadline));
  co_return service;
}

Answer<std::vector<ServiceInfo>> DockerEngine::list_services(const Filter& filter, Millis limit) {
  const Deadline deadline(limit);
  ApiCall call("GET", "/services", "list services");
  call.query = filters_of(filter, true);
  const auto answer = co_await api_.send(call, deadline);
  if (!answer) co_return fail(Error(answer.error()));
  std::vector<ServiceInfo> services;
  for (const JsonView item : JsonView(*answer).items()) {
    ServiceInfo service = service_info_from_json(item);
    if (!matches(filter, service.id, service.spec.name)) continue;
    CROFT_CO_TRY(co_await mark_host_network(service.spec, deadline));
    services.push_back(std::move(service));
  }
  co_return services;
}

Answer<void> DockerEngine::update_service(std::string id, std::uint64_t version,
                                          const ServiceSpec& spec, Millis limit) {
  ApiCall call("POST", "/services/" + percent_encode(id) + "/update",
               fmt::format("change service {}", spec.name));
  call.query.add("version", std::to_string(version));
  call.body = json::serialize(service_to_json(spec));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<void> DockerEngine::remove_service(std::string id, Millis limit) {
  const ApiCall call("DELETE", "/services/" + percent_encode(id),
                     fmt::format("remove service {}", id));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<std::vector<TaskInfo>> DockerEngine::list_tasks(const TaskFilter& filter, Millis limit) {
  json::object filters;
  if (!filter.service.empty()) filters["service"] = json::array{filter.service};
  if (!filter.node.empty()) filters["node"] = json::array{filter.node};
  if (filter.desired_running_only) filters["desired-state"] = json::array{"running"};
  ApiCall call("GET", "/tasks", "list tasks");
  if (!filters.empty()) call.query.add("filters", json::serialize(filters));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  std::vector<TaskInfo> tasks;
  for (const JsonView item : JsonView(*answer).items()) {
    TaskInfo task = task_from_json(item);
    if (has_labels(filter.labels, task.labels)) tasks.push_back(std::move(task));
  }
  co_return tasks;
}

}  // namespace croft::engine
