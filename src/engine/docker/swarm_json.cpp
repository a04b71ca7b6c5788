// Tasks, nodes and the swarm's own settings.
#include <boost/json.hpp>

#include "engine/docker/service_json.h"
#include "engine/docker/settings_json.h"

namespace croft::engine {

namespace json = boost::json;

namespace {

TaskState task_state_from(const std::string& text) {
  for (int i = 0; i <= static_cast<int>(TaskState::kOrphaned); ++i) {
    const auto state = static_cast<TaskState>(i);
    if (to_string(state) == text) return state;
  }
  return TaskState::kNew;
}

NodeInfo::State node_state_from(const std::string& text) {
  if (text == "ready") return NodeInfo::State::kReady;
  if (text == "down") return NodeInfo::State::kDown;
  if (text == "disconnected") return NodeInfo::State::kDisconnected;
  return NodeInfo::State::kUnknown;
}

NodeInfo::Availability availability_from(const std::string& text) {
  if (text == "pause") return NodeInfo::Availability::kPause;
  if (text == "drain") return NodeInfo::Availability::kDrain;
  return NodeInfo::Availability::kActive;
}

// Member `key` of `parent`, made an object when it is none.
json::object& object_at(json::object& parent, std::string_view key) {
  json::value& member = parent[key];
  if (!member.is_object()) member.emplace_object();
  return member.get_object();
}

}  // namespace

std::string without_prefix_length(const std::string& address) {
  return address.substr(0, address.find('/'));
}

TaskInfo task_from_json(JsonView view) {
  TaskInfo task;
  const JsonView status = view["Status"];
  task.id = view["ID"].text();
  task.service_id = view["ServiceID"].text();
  task.node_id = view["NodeID"].text();
  task.slot = view["Slot"].count();
  task.labels = view["Spec"]["ContainerSpec"]["Labels"].text_map();
  task.desired = task_state_from(view["DesiredState"].text());
  task.state = task_state_from(status["State"].text());
  task.message = status["Message"].text();
  task.error = status["Err"].text();
  task.image = view["Spec"]["ContainerSpec"]["Image"].text();
  task.container_id = status["ContainerStatus"]["ContainerID"].text();
  if (is_final(task.state) && !task.container_id.empty()) {
    task.exit_code = static_cast<int>(status["ContainerStatus"]["ExitCode"].integer());
  }
  for (const JsonView attachment : view["NetworksAttachments"].items()) {
    TaskAddresses addresses;
    addresses.network_id = attachment["Network"]["ID"].text();
    addresses.network_name = attachment["Network"]["Spec"]["Name"].text();
    for (const std::string& address : attachment["Addresses"].texts()) {
      const bool is_ipv6 = address.find(':') != std::string::npos;
      (is_ipv6 ? addresses.ipv6 : addresses.ipv4) = without_prefix_length(address);
    }
    task.addresses.push_back(std::move(addresses));
  }
  task.created = view["CreatedAt"].time();
  task.state_since = status["Timestamp"].time();
  return task;
}

NodeInfo node_from_json(JsonView view) {
  NodeInfo node;
  node.id = view["ID"].text();
  node.version = view["Version"]["Index"].count();
  node.name = view["Spec"]["Name"].text();
  node.hostname = view["Description"]["Hostname"].text();
  node.address = view["Status"]["Addr"].text();
  node.labels = view["Spec"]["Labels"].text_map();
  node.state = node_state_from(view["Status"]["State"].text());
  node.availability = availability_from(view["Spec"]["Availability"].text());
  node.manager = view["Spec"]["Role"].text() == "manager";
  node.leader = view["ManagerStatus"]["Leader"].flag();
  node.nano_cpus = view["Description"]["Resources"]["NanoCPUs"].integer();
  node.memory_bytes = view["Description"]["Resources"]["MemoryBytes"].integer();
  return node;
}

SwarmSettings swarm_settings_from_json(JsonView spec) {
  SwarmSettings settings;
  settings.dispatcher_heartbeat = spec["Dispatcher"]["HeartbeatPeriod"].duration();
  settings.task_history_limit = spec["Orchestration"]["TaskHistoryRetentionLimit"].integer();
  settings.snapshot_interval = spec["Raft"]["SnapshotInterval"].count();
  return settings;
}

void put_swarm_settings(json::object& spec, const SwarmSettings& settings) {
  object_at(spec, "Dispatcher")["HeartbeatPeriod"] = to_nanoseconds(settings.dispatcher_heartbeat);
  object_at(spec, "Orchestration")["TaskHistoryRetentionLimit"] = settings.task_history_limit;
  object_at(spec, "Raft")["SnapshotInterval"] = settings.snapshot_interval;
}

}  // namespace croft::engine
