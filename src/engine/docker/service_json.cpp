#include "engine/docker/service_json.h"

#include <boost/json.hpp>

#include "engine/docker/settings_json.h"

namespace croft::engine {

namespace json = boost::json;

namespace {

json::array files_to_json(const std::vector<FileReference>& files, std::string_view id_key,
                          std::string_view name_key) {
  json::array array;
  for (const FileReference& file : files) {
    array.push_back({{id_key, file.id},
                     {name_key, file.name},
                     {"File",
                      {{"Name", file.target.empty() ? file.name : file.target},
                       {"UID", std::to_string(file.uid)},
                       {"GID", std::to_string(file.gid)},
                       {"Mode", file.mode}}}});
  }
  return array;
}

std::uint32_t number_in(const std::string& text) {
  std::uint32_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

std::vector<FileReference> files_from_json(JsonView view, std::string_view id_key,
                                           std::string_view name_key) {
  std::vector<FileReference> files;
  for (const JsonView item : view.items()) {
    FileReference file;
    file.id = item[id_key].text();
    file.name = item[name_key].text();
    file.target = item["File"]["Name"].text();
    file.uid = number_in(item["File"]["UID"].text());
    file.gid = number_in(item["File"]["GID"].text());
    file.mode = static_cast<std::uint32_t>(item["File"]["Mode"].count());
    files.push_back(std::move(file));
  }
  return files;
}

// "name:address" <-> "address name", the form of a hosts file.
json::array hosts_to_json(const Strings& hosts) {
  json::array array;
  for (const std::string& host : hosts) {
    const std::size_t colon = host.find(':');
    if (colon == std::string::npos) continue;
    array.emplace_back(host.substr(colon + 1) + " " + host.substr(0, colon));
  }
  return array;
}

Strings hosts_from_json(JsonView view) {
  Strings hosts;
  for (const std::string& line : view.texts()) {
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) continue;
    hosts.push_back(line.substr(space + 1) + ":" + line.substr(0, space));
  }
  return hosts;
}

json::object container_to_json(const ServiceSpec& spec) {
  const ContainerSettings& container = spec.container;
  json::object object{{"Image", container.image},
                      {"Labels", to_json(container.labels)},
                      {"Command", to_json(container.command)},
                      {"Args", to_json(container.args)},
                      {"Hostname", container.hostname},
                      {"Env", env_to_json(container.env)},
                      {"Dir", container.workdir},
                      {"User", container.user},
                      {"Mounts", mounts_to_json(container.mounts)},
                      {"Hosts", hosts_to_json(container.extra_hosts)},
                      {"DNSConfig",
                       {{"Nameservers", to_json(container.dns.servers)},
                        {"Search", to_json(container.dns.search)},
                        {"Options", to_json(container.dns.options)}}},
                      {"CapabilityAdd", to_json(container.capabilities_add)},
                      {"CapabilityDrop", to_json(container.capabilities_drop)},
                      {"Sysctls", to_json(container.sysctls)},
                      {"Ulimits", ulimits_to_json(container.ulimits)},
                      {"Init", container.init},
                      {"TTY", container.tty},
                      {"ReadOnly", container.read_only_rootfs},
                      {"Secrets", files_to_json(spec.secrets, "SecretID", "SecretName")},
                      {"Configs", files_to_json(spec.configs, "ConfigID", "ConfigName")}};
  if (!container.stop_signal.empty()) object["StopSignal"] = container.stop_signal;
  if (container.stop_grace) object["StopGracePeriod"] = to_nanoseconds(*container.stop_grace);
  if (container.no_healthcheck) object["Healthcheck"] = {{"Test", json::array{"NONE"}}};
  return object;
}

// Docker calls the key "Healthcheck" in containers and "HealthCheck" in older documents; it reads
// both.
bool has_no_healthcheck(JsonView container) {
  return container["Healthcheck"]["Test"].texts() == Strings{"NONE"};
}

ContainerSettings container_from_json(JsonView view) {
  ContainerSettings settings;
  settings.image = view["Image"].text();
  settings.labels = view["Labels"].text_map();
  settings.command = view["Command"].texts();
  settings.args = view["Args"].texts();
  settings.hostname = view["Hostname"].text();
  settings.env = env_from_json(view["Env"]);
  settings.workdir = view["Dir"].text();
  settings.user = view["User"].text();
  settings.mounts = mounts_from_json(view["Mounts"]);
  settings.extra_hosts = hosts_from_json(view["Hosts"]);
  settings.dns = {view["DNSConfig"]["Nameservers"].texts(), view["DNSConfig"]["Search"].texts(),
                  view["DNSConfig"]["Options"].texts()};
  settings.capabilities_add = view["CapabilityAdd"].texts();
  settings.capabilities_drop = view["CapabilityDrop"].texts();
  settings.sysctls = view["Sysctls"].text_map();
  settings.ulimits = ulimits_from_json(view["Ulimits"]);
  settings.init = view["Init"].flag();
  settings.tty = view["TTY"].flag();
  settings.read_only_rootfs = view["ReadOnly"].flag();
  settings.stop_signal = view["StopSignal"].text();
  if (view["StopGracePeriod"].present()) settings.stop_grace = view["StopGracePeriod"].duration();
  settings.no_healthcheck = has_no_healthcheck(view);
  return settings;
}

json::object resources_to_json(const Resources& resources) {
  return {{"Limits",
           {{"NanoCPUs", resources.nano_cpus},
            {"MemoryBytes", resources.memory_bytes},
            {"Pids", resources.pids}}},
          {"Reservations",
           {{"NanoCPUs", resources.reserved_nano_cpus},
            {"MemoryBytes", resources.reserved_memory_bytes}}}};
}

Resources resources_from_json(JsonView view) {
  Resources resources;
  resources.nano_cpus = view["Limits"]["NanoCPUs"].integer();
  resources.memory_bytes = view["Limits"]["MemoryBytes"].integer();
  resources.pids = view["Limits"]["Pids"].integer();
  resources.reserved_nano_cpus = view["Reservations"]["NanoCPUs"].integer();
  resources.reserved_memory_bytes = view["Reservations"]["MemoryBytes"].integer();
  return resources;
}

std::string_view to_text(RestartPolicy::Condition condition) {
  switch (condition) {
    case RestartPolicy::Condition::kNone:
      return "none";
    case RestartPolicy::Condition::kOnFailure:
      return "on-failure";
    case RestartPolicy::Condition::kAny:
      return "any";
  }
  return "any";
}

RestartPolicy restart_from_json(JsonView view) {
  RestartPolicy policy;
  if (!view.present()) return policy;
  const std::string condition = view["Condition"].text();
  if (condition == "none") policy.condition = RestartPolicy::Condition::kNone;
  if (condition == "on-failure") policy.condition = RestartPolicy::Condition::kOnFailure;
  policy.delay = view["Delay"].duration();
  policy.max_attempts = view["MaxAttempts"].count();
  policy.window = view["Window"].duration();
  return policy;
}

std::string_view to_text(UpdateConfig::OnFailure action) {
  switch (action) {
    case UpdateConfig::OnFailure::kPause:
      return "pause";
    case UpdateConfig::OnFailure::kContinue:
      return "continue";
    case UpdateConfig::OnFailure::kRollback:
      return "rollback";
  }
  return "pause";
}

json::object update_to_json(const UpdateConfig& update) {
  return {{"Parallelism", update.parallelism},
          {"Delay", to_nanoseconds(update.delay)},
          {"Monitor", to_nanoseconds(update.monitor)},
          {"FailureAction", to_text(update.on_failure)},
          {"MaxFailureRatio", 0},
          {"Order", update.start_first ? "start-first" : "stop-first"}};
}

UpdateConfig update_from_json(JsonView view) {
  UpdateConfig update;
  if (!view.present()) return update;
  update.parallelism = view["Parallelism"].count();
  update.delay = view["Delay"].duration();
  update.monitor = view["Monitor"].duration();
  const std::string action = view["FailureAction"].text();
  if (action == "continue") update.on_failure = UpdateConfig::OnFailure::kContinue;
  if (action == "rollback") update.on_failure = UpdateConfig::OnFailure::kRollback;
  update.start_first = view["Order"].text() == "start-first";
  return update;
}

json::array networks_to_json(const ServiceSpec& spec) {
  json::array networks;
  if (spec.host_network) networks.push_back({{"Target", "host"}});
  for (const NetworkAttachment& network : spec.networks) {
    networks.push_back({{"Target", network.network}, {"Aliases", to_json(network.aliases)}});
  }
  return networks;
}

}  // namespace

json::object service_to_json(const ServiceSpec& spec) {
  json::object task{
      {"ContainerSpec", container_to_json(spec)},
      {"Resources", resources_to_json(spec.container.resources)},
      {"RestartPolicy",
       {{"Condition", to_text(spec.restart.condition)},
        {"Delay", to_nanoseconds(spec.restart.delay)},
        {"MaxAttempts", spec.restart.max_attempts},
        {"Window", to_nanoseconds(spec.restart.window)}}},
      {"Placement",
       {{"Constraints", to_json(spec.constraints)}, {"MaxReplicas", spec.max_replicas_per_node}}},
      {"Networks", networks_to_json(spec)},
      {"ForceUpdate", spec.force_update}};
  if (!spec.container.log.name.empty()) {
    task["LogDriver"] = {{"Name", spec.container.log.name},
                         {"Options", to_json(spec.container.log.options)}};
  }
  json::object mode;
  if (spec.replicas) {
    mode["Replicated"] = {{"Replicas", *spec.replicas}};
  } else {
    mode["Global"] = json::object();
  }
  return {{"Name", spec.name},
          {"Labels", to_json(spec.labels)},
          {"TaskTemplate", std::move(task)},
          {"Mode", std::move(mode)},
          {"UpdateConfig", update_to_json(spec.update)},
          {"RollbackConfig", update_to_json(spec.rollback)},
          {"EndpointSpec", {{"Mode", "dnsrr"}}}};
}

ServiceSpec service_from_json(JsonView view) {
  const JsonView task = view["TaskTemplate"];
  ServiceSpec spec;
  spec.name = view["Name"].text();
  spec.labels = view["Labels"].text_map();
  spec.container = container_from_json(task["ContainerSpec"]);
  spec.container.resources = resources_from_json(task["Resources"]);
  spec.container.log = {task["LogDriver"]["Name"].text(), task["LogDriver"]["Options"].text_map()};
  spec.secrets = files_from_json(task["ContainerSpec"]["Secrets"], "SecretID", "SecretName");
  spec.configs = files_from_json(task["ContainerSpec"]["Configs"], "ConfigID", "ConfigName");
  for (const JsonView network : task["Networks"].items()) {
    spec.networks.push_back({network["Target"].text(), network["Aliases"].texts()});
  }
  if (view["Mode"]["Replicated"].present()) {
    spec.replicas = view["Mode"]["Replicated"]["Replicas"].count();
  }
  spec.restart = restart_from_json(task["RestartPolicy"]);
  spec.constraints = task["Placement"]["Constraints"].texts();
  spec.max_replicas_per_node = task["Placement"]["MaxReplicas"].count();
  spec.update = update_from_json(view["UpdateConfig"]);
  spec.rollback = update_from_json(view["RollbackConfig"]);
  spec.force_update = task["ForceUpdate"].count();
  return spec;
}

ServiceInfo service_info_from_json(JsonView view) {
  ServiceInfo info;
  info.id = view["ID"].text();
  info.version = view["Version"]["Index"].count();
  info.spec = service_from_json(view["Spec"]);
  info.update_state = view["UpdateStatus"]["State"].text();
  info.update_message = view["UpdateStatus"]["Message"].text();
  info.created = view["CreatedAt"].time();
  info.updated = view["UpdatedAt"].time();
  return info;
}

}  // namespace croft::engine
