#include "reconcile/service_spec.h"

#include <algorithm>

#include "model/core_state.h"

namespace croft {
namespace {

engine::LogDriver container_log() {
  // The agent copies lines out as they come; the files only bridge its restarts.
  return {.name = "json-file", .options = {{"max-size", "16m"}, {"max-file", "3"}}};
}

// A container believes its gateway only because of its own route, never because of an
// advertisement or a redirect from a neighbour.
std::map<std::string, std::string> tenant_sysctls() {
  return {{"net.ipv6.conf.all.accept_ra", "0"},
          {"net.ipv6.conf.default.accept_ra", "0"},
          {"net.ipv4.conf.all.accept_redirects", "0"},
          {"net.ipv6.conf.all.accept_redirects", "0"},
          // Lets ping work without NET_RAW, which would also allow forged packets.
          {"net.ipv4.ping_group_range", "0 2147483647"}};
}

}  // namespace

std::int64_t cpu_limit(double type_cpus, std::int64_t machine_cpus) {
  const auto all = static_cast<double>(std::max<std::int64_t>(1, machine_cpus));
  return static_cast<std::int64_t>(std::min(all, std::max(type_cpus, all / 2)) * 1e9);
}

engine::ServiceSpec set_service_spec(const Names& names, const Project& project,
                                     const Service& service, const InstanceSet& set,
                                     const InitConfig& init, const SetRuntime& runtime,
                                     const SetSecret& secret, const std::string& gateway4,
                                     const std::string& gateway6) {
  engine::ServiceSpec spec;
  spec.name = names.set_service(service, set);
  spec.labels = names.set_labels(runtime.role, service, set);
  engine::ContainerSettings& container = spec.container;
  container.image = set.image;
  container.command = {"/croft/init"};
  container.labels = spec.labels;
  container.user = "0:0";  // croft-init drops to the image's user itself
  for (const SetRuntime::Volume& volume : runtime.volumes) {
    container.mounts.push_back({.kind = engine::Mount::Kind::kVolume,
                                .source = names.volume(service.id, volume.name),
                                .target = volume.target});
  }
  container.dns = {.servers = {gateway4, gateway6},
                   .search = {"croft"},
                   .options = {"ndots:1", "timeout:2", "attempts:3"}};
  container.capabilities_drop = {"NET_RAW", "MKNOD", "SETFCAP"};
  container.sysctls = tenant_sysctls();
  container.stop_signal = "SIGTERM";
  container.stop_grace = Millis(init.drain_delay_ms + init.stop_timeout_s * 1000 + 5000);
  container.no_healthcheck = true;
  container.resources = {
      .nano_cpus = runtime.nano_cpus, .memory_bytes = runtime.memory_bytes, .pids = runtime.pids};
  container.log = container_log();
  spec.secrets = {{.id = secret.id, .name = secret.name, .target = kInitConfigPath, .mode = 0400}};
  spec.networks = {{.network = names.project_network(project.network_number)}};
  spec.replicas = static_cast<std::uint64_t>(set.containers);
  spec.restart = {.condition = engine::RestartPolicy::Condition::kAny, .delay = Millis(2000)};
  return spec;
}

engine::ServiceSpec core_service_spec(const Names& names, const Project& project,
                                      const std::string& slot, const std::string& image,
                                      const std::filesystem::path& state_dir) {
  engine::ServiceSpec spec;
  spec.name = names.core_service(project.network_number, slot);
  spec.labels = names.project_labels("core", project.id);
  spec.labels["croft.slot"] = slot;
  engine::ContainerSettings& container = spec.container;
  container.image = image;
  container.command = {"/croft/core", "supervise", "--slot", slot, "--revision", image};
  container.labels = spec.labels;
  container.user = "0:0";
  container.mounts = {
      {.kind = engine::Mount::Kind::kBind, .source = state_dir.string(), .target = kCoreStateDir}};
  container.capabilities_add = {"NET_ADMIN", "NET_RAW"};
  container.sysctls = {{"net.ipv4.ip_forward", "1"},
                       {"net.ipv6.conf.all.forwarding", "1"},
                       {"net.ipv6.conf.all.accept_ra", "0"},
                       {"net.ipv6.conf.default.accept_ra", "0"},
                       {"net.ipv4.conf.all.rp_filter", "0"},
                       {"net.ipv4.conf.default.rp_filter", "0"},
                       {"net.ipv4.conf.all.send_redirects", "0"},
                       {"net.ipv4.conf.default.send_redirects", "0"},
                       {"net.ipv4.ip_nonlocal_bind", "1"},
                       {"net.ipv6.ip_nonlocal_bind", "1"},
                       {"net.netfilter.nf_conntrack_tcp_be_liberal", "1"}};
  container.stop_grace = Millis(5000);
  container.no_healthcheck = true;
  container.resources = {.nano_cpus = 1'000'000'000, .memory_bytes = 256LL << 20, .pids = 64};
  container.log = container_log();
  spec.networks = {{.network = names.project_network(project.network_number)},
                   {.network = names.uplink_network()}};
  spec.replicas = 1;
  spec.max_replicas_per_node = 1;
  spec.restart = {.condition = engine::RestartPolicy::Condition::kAny, .delay = Millis(500)};
  return spec;
}

}  // namespace croft
