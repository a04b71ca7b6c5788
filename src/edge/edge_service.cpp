#include "edge/edge_service.h"

#include <fmt/format.h>

#include "edge/edge_directory.h"

namespace croft {
namespace {

std::string inside(const char* name) {
  return fmt::format("{}/{}", kEdgeDir, name);
}

engine::ContainerSettings container(const EdgeServiceConfig& config, const engine::Labels& labels) {
  engine::ContainerSettings settings;
  settings.image = config.image;
  // A Caddy that ends is started again within its container, and the resolver beside it (src/keep).
  settings.command = {"/croft/keep",    "--resolver", inside(kEdgeResolverName),
                      "/usr/bin/caddy", "run",        "--resume"};
  // The admin address of a Caddy that has no configuration yet.
  settings.env = {{"CADDY_ADMIN", fmt::format("unix/{}|0600", inside(kEdgeSocketName))},
                  {"HOME", kEdgeDir},
                  {"XDG_CONFIG_HOME", inside(kEdgeConfigName)},
                  {"XDG_DATA_HOME", inside(kEdgeDataName)}};
  settings.labels = labels;
  settings.user = "root";
  settings.workdir = kEdgeDir;
  settings.mounts = {
      {.kind = engine::Mount::Kind::kBind, .source = config.host_directory, .target = kEdgeDir},
      {.kind = engine::Mount::Kind::kTmpfs, .target = "/tmp", .tmpfs_bytes = 16ll << 20}};
  settings.capabilities_drop = {"ALL"};
  settings.capabilities_add = {"NET_BIND_SERVICE"};
  settings.read_only_rootfs = true;
  // No ulimit on descriptors: it would be refused above the engine's own, which a container gets.
  settings.stop_signal = "SIGTERM";
  settings.stop_grace = Millis(30'000);
  settings.no_healthcheck = true;
  settings.resources.memory_bytes = config.memory_bytes;
  settings.resources.pids = 4096;
  settings.log = {.name = "json-file", .options = {{"max-file", "3"}, {"max-size", "20m"}}};
  return settings;
}

}  // namespace

std::string edge_node_label(const std::string& install_id) {
  return "croft.edge-" + install_id;
}

engine::ServiceSpec edge_service_spec(const EdgeServiceConfig& config) {
  const engine::Labels labels{{"croft.install", config.install_id}, {"croft.role", "edge"}};
  engine::ServiceSpec spec;
  spec.name = fmt::format("croft-{}-edge", config.install_id);
  spec.labels = labels;
  spec.container = container(config, labels);
  spec.host_network = true;
  spec.constraints = {fmt::format("node.labels.{}==true", edge_node_label(config.install_id))};
  spec.restart.delay = Millis(1000);
  // Two cannot have the node's ports and socket at once.
  spec.update = {.on_failure = engine::UpdateConfig::OnFailure::kContinue, .start_first = false};
  return spec;
}

EdgeSettings edge_paths() {
  EdgeSettings settings;
  settings.admin_socket = inside(kEdgeSocketName);
  settings.storage_dir = inside(kEdgeDataName);
  settings.routes_dir = inside(kEdgeRoutesName);
  settings.resolver_socket = inside(kEdgeResolverName);
  settings.access_log = inside(kEdgeAccessLogName);
  return settings;
}

}  // namespace croft
