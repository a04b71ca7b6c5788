#include "engine/docker/container_json.h"

#include <boost/json.hpp>

#include "engine/docker/service_json.h"
#include "engine/docker/settings_json.h"

namespace croft::engine {

namespace json = boost::json;

namespace {

void put_resources(json::object& host, const Resources& resources) {
  if (resources.nano_cpus > 0) host["NanoCpus"] = resources.nano_cpus;
  if (resources.memory_bytes > 0) {
    host["Memory"] = resources.memory_bytes;
    host["MemorySwap"] = resources.memory_bytes;  // equal: no swap on top
  }
  if (resources.reserved_memory_bytes > 0) {
    host["MemoryReservation"] = resources.reserved_memory_bytes;
  }
  if (resources.pids > 0) host["PidsLimit"] = resources.pids;
  if (resources.cpu_shares > 0) host["CpuShares"] = resources.cpu_shares;
}

std::string network_mode_of(const ContainerSpec& spec) {
  if (!spec.networks.empty()) return spec.networks.front().network;
  return spec.network_mode.empty() ? "none" : spec.network_mode;
}

json::object host_config(const ContainerSpec& spec) {
  const ContainerSettings& settings = spec.settings;
  json::object host{{"Mounts", mounts_to_json(settings.mounts)},
                    {"ExtraHosts", to_json(settings.extra_hosts)},
                    {"Dns", to_json(settings.dns.servers)},
                    {"DnsSearch", to_json(settings.dns.search)},
                    {"DnsOptions", to_json(settings.dns.options)},
                    {"CapAdd", to_json(settings.capabilities_add)},
                    {"CapDrop", to_json(settings.capabilities_drop)},
                    {"Sysctls", to_json(settings.sysctls)},
                    {"Ulimits", ulimits_to_json(settings.ulimits)},
                    {"Init", settings.init},
                    {"ReadonlyRootfs", settings.read_only_rootfs},
                    {"NetworkMode", network_mode_of(spec)},
                    {"RestartPolicy", {{"Name", spec.restart_always ? "always" : "no"}}}};
  put_resources(host, settings.resources);
  if (!settings.log.name.empty()) {
    host["LogConfig"] = {{"Type", settings.log.name}, {"Config", to_json(settings.log.options)}};
  }
  return host;
}

ContainerInfo::State container_state_from(const std::string& text) {
  using State = ContainerInfo::State;
  if (text == "running") return State::kRunning;
  if (text == "paused") return State::kPaused;
  if (text == "restarting") return State::kRestarting;
  if (text == "removing") return State::kRemoving;
  if (text == "exited") return State::kExited;
  if (text == "dead") return State::kDead;
  return State::kCreated;
}

std::string without_slash(const std::string& name) {
  return name.starts_with('/') ? name.substr(1) : name;
}

std::vector<TaskAddresses> addresses_from(JsonView networks) {
  std::vector<TaskAddresses> all;
  for (const auto& [name, network] : networks.members()) {
    all.push_back({network["NetworkID"].text(), name, network["IPAddress"].text(),
                   network["GlobalIPv6Address"].text()});
  }
  return all;
}

// The counter `wanted` over all entries of a blkio list.
std::uint64_t block_bytes(JsonView list, std::string_view wanted) {
  std::uint64_t sum = 0;
  for (const JsonView item : list.items()) {
    std::string op = item["op"].text();  // "Read" with cgroup v1, "read" with v2
    if (!op.empty() && op[0] >= 'A' && op[0] <= 'Z') op[0] = static_cast<char>(op[0] + 32);
    if (op == wanted) sum += item["value"].count();
  }
  return sum;
}

}  // namespace

json::object container_create_to_json(const ContainerSpec& spec) {
  const ContainerSettings& settings = spec.settings;
  json::object object{{"Image", settings.image},
                      {"Env", env_to_json(settings.env)},
                      {"User", settings.user},
                      {"WorkingDir", settings.workdir},
                      {"Hostname", settings.hostname},
                      {"Labels", to_json(settings.labels)},
                      {"Tty", settings.tty},
                      {"OpenStdin", spec.stdin_open},
                      {"HostConfig", host_config(spec)}};
  // An empty list would erase the image's own.
  if (!settings.command.empty()) object["Entrypoint"] = to_json(settings.command);
  if (!settings.args.empty()) object["Cmd"] = to_json(settings.args);
  if (!settings.stop_signal.empty()) object["StopSignal"] = settings.stop_signal;
  if (settings.stop_grace) object["StopTimeout"] = settings.stop_grace->count() / 1000;
  if (settings.no_healthcheck) object["Healthcheck"] = {{"Test", json::array{"NONE"}}};
  if (!spec.networks.empty()) {
    const NetworkAttachment& network = spec.networks.front();
    json::object endpoints;
    endpoints[network.network] = {{"Aliases", to_json(network.aliases)}};
    object["NetworkingConfig"] = {{"EndpointsConfig", std::move(endpoints)}};
  }
  return object;
}

json::object container_update_to_json(const ContainerUpdate& update) {
  json::object object;
  if (update.nano_cpus) object["NanoCpus"] = *update.nano_cpus;
  if (update.memory_bytes) {
    object["Memory"] = *update.memory_bytes;
    object["MemorySwap"] = *update.memory_bytes;
  }
  if (update.pids) object["PidsLimit"] = *update.pids;
  if (update.cpu_shares) object["CpuShares"] = *update.cpu_shares;
  return object;
}

ContainerInfo container_from_list(JsonView view) {
  ContainerInfo info;
  info.id = view["Id"].text();
  const Strings names = view["Names"].texts();
  if (!names.empty()) info.name = without_slash(names.front());
  info.image = view["Image"].text();
  info.image_id = view["ImageID"].text();
  info.labels = view["Labels"].text_map();
  info.state = container_state_from(view["State"].text());
  info.created = {view["Created"].integer() * 1000};
  info.addresses = addresses_from(view["NetworkSettings"]["Networks"]);
  return info;
}

ContainerInfo container_from_inspect(JsonView view) {
  ContainerInfo info;
  const JsonView state = view["State"];
  info.id = view["Id"].text();
  info.name = without_slash(view["Name"].text());
  info.image = view["Config"]["Image"].text();
  info.image_id = view["Image"].text();
  info.labels = view["Config"]["Labels"].text_map();
  info.state = container_state_from(state["Status"].text());
  info.created = view["Created"].time();
  info.pid = state["Pid"].integer();
  const bool ended =
      info.state == ContainerInfo::State::kExited || info.state == ContainerInfo::State::kDead;
  if (ended) info.exit_code = static_cast<int>(state["ExitCode"].integer());
  info.oom_killed = state["OOMKilled"].flag();
  info.health = state["Health"]["Status"].text();
  if (info.health == "none") info.health.clear();
  info.error = state["Error"].text();
  info.tty = view["Config"]["Tty"].flag();
  info.cpu_shares = view["HostConfig"]["CpuShares"].integer();
  info.written = view["GraphDriver"]["Data"]["UpperDir"].text();  // of overlay2
  for (const JsonView mount : view["Mounts"].items()) {
    if (mount["Type"].text() == "volume") info.volumes.push_back(mount["Source"].text());
  }
  if (state["StartedAt"].time().ms > 0) info.started = state["StartedAt"].time();
  if (state["FinishedAt"].time().ms > 0) info.finished = state["FinishedAt"].time();
  info.addresses = addresses_from(view["NetworkSettings"]["Networks"]);
  return info;
}

ContainerStats stats_from_json(JsonView view) {
  ContainerStats stats;
  const JsonView memory = view["memory_stats"];
  stats.read = view["read"].time();
  stats.cpu_ns = view["cpu_stats"]["cpu_usage"]["total_usage"].count();
  stats.system_cpu_ns = view["cpu_stats"]["system_cpu_usage"].count();
  stats.throttled_ns = view["cpu_stats"]["throttling_data"]["throttled_time"].count();
  // The cache that the kernel drops first: "total_inactive_file" with cgroup v1.
  const JsonView inactive = memory["stats"]["total_inactive_file"].present()
                                ? memory["stats"]["total_inactive_file"]
                                : memory["stats"]["inactive_file"];
  const std::uint64_t usage = memory["usage"].count();
  stats.memory_bytes = usage - std::min(usage, inactive.count());
  stats.memory_limit_bytes = memory["limit"].count();
  stats.pids = view["pids_stats"]["current"].count();
  for (const auto& [name, network] : view["networks"].members()) {
    stats.rx_bytes += network["rx_bytes"].count();
    stats.tx_bytes += network["tx_bytes"].count();
  }
  const JsonView block = view["blkio_stats"]["io_service_bytes_recursive"];
  stats.block_read_bytes = block_bytes(block, "read");
  stats.block_write_bytes = block_bytes(block, "write");
  return stats;
}

json::object exec_to_json(const ExecSpec& spec) {
  return {{"AttachStdin", spec.stdin_open},
          {"AttachStdout", true},
          {"AttachStderr", true},
          {"Tty", spec.tty},
          {"Env", env_to_json(spec.env)},
          {"Cmd", to_json(spec.command)},
          {"User", spec.user},
          {"WorkingDir", spec.workdir}};
}

}  // namespace croft::engine
