#include "daemon/swarm_setup.h"

#include <fmt/format.h>

#include "base/log.h"
#include "edge/edge_service.h"
#include "engine/labels.h"
#include "store/nodes.h"

namespace croft {
namespace {

constexpr Millis kEngineLimit{30'000};
constexpr Millis kLeastHeartbeat{15'000};
// The swarm's control port; any other when somebody listens there.
constexpr int kSwarmPort = 2377;

std::string name_of(const HostFacts& facts) {
  return facts.name.empty() ? "node1" : facts.name;
}

Task<Result<engine::EngineInfo>> ensure_swarm(engine::SwarmEngine& engine, const HostFacts& facts) {
  auto info = co_await engine.info(kEngineLimit);
  if (!info || info->swarm_active) co_return info;
  // Settings of a new swarm: a long heartbeat, and enough ended tasks kept for their logs and exit
  // reports to be read.
  const engine::SwarmSettings settings{.dispatcher_heartbeat = Millis(20'000),
                                       .task_history_limit = 10};
  Error last(ErrorCode::kFailed, "the engine could not become a swarm");
  for (int offset = 0; offset < 20; ++offset) {
    const int port = kSwarmPort + offset * 10;
    const std::string address = fmt::format("{}:{}", facts.address, port);
    auto made = co_await engine.init_swarm(
        {.advertise_address = address, .listen_address = address, .settings = settings},
        kEngineLimit);
    if (made) {
      log_info("the engine is a swarm of one", {{"address", address}});
      co_return co_await engine.info(kEngineLimit);
    }
    last = made.error();
  }
  co_return fail(std::move(last));
}

Task<Status> ensure_settings(engine::SwarmEngine& engine) {
  auto swarm = co_await engine.inspect_swarm(kEngineLimit);
  if (!swarm) co_return fail(std::move(swarm).error());
  if (swarm->settings.dispatcher_heartbeat >= kLeastHeartbeat) co_return Status{};
  engine::SwarmSettings settings = swarm->settings;
  settings.dispatcher_heartbeat = Millis(20'000);
  co_return co_await engine.update_swarm(swarm->version, settings, kEngineLimit);
}

Task<Status> ensure_edge_label(engine::SwarmEngine& engine, const std::string& node,
                               const std::string& install_id) {
  auto info = co_await engine.inspect_node(node, kEngineLimit);
  if (!info) co_return fail(std::move(info).error());
  const std::string label = edge_node_label(install_id);
  if (engine::label(info->labels, label) == "true") co_return Status{};
  engine::NodeUpdate update{.labels = info->labels, .availability = info->availability};
  update.labels[label] = "true";
  co_return co_await engine.update_node(node, info->version, update, kEngineLimit);
}

}  // namespace

Task<Result<Node>> set_up_swarm(engine::SwarmEngine& engine, Store& store, const HostFacts& facts,
                                const std::string& install_id) {
  auto info = co_await ensure_swarm(engine, facts);
  if (!info) co_return fail(std::move(info).error());
  if (!info->swarm_manager) {
    co_return fail(ErrorCode::kUnsupported,
                   "this engine is a worker of a swarm; run croftd where a manager runs");
  }
  CROFT_CO_TRY(co_await ensure_settings(engine));
  CROFT_CO_TRY(co_await ensure_edge_label(engine, info->swarm_node_id, install_id));
  const NewNode self{.name = name_of(facts),
                     .address = facts.address,
                     .engine_id = info->swarm_node_id,
                     .zone = {},
                     .labels = {}};
  co_return co_await store.write(
      [&self](Tx& tx) { return register_node(tx, Scope::platform(), self); });
}

Task<Result<std::optional<Node>>> known_node(Store& store, const HostFacts& facts) {
  co_return co_await store.read([&facts](const Tx& tx) -> Result<std::optional<Node>> {
    auto nodes = list_nodes(tx, Scope::platform());
    if (!nodes) return fail(std::move(nodes).error());
    for (Node& node : *nodes) {
      if (node.name == name_of(facts)) return std::move(node);
    }
    return std::nullopt;
  });
}

}  // namespace croft
