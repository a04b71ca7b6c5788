// Makes the engine a swarm that croft can work with, and this machine a node of it.
#pragma once

#include <optional>

#include "daemon/host_facts.h"
#include "engine/engine.h"
#include "model/node.h"
#include "store/store.h"
#include "task/task.h"

namespace croft {

// Initialises a swarm of one when the engine is in none, sets the dispatcher heartbeat to at least
// 15 s (a lower one recreates every container when the CPU is busy), and marks this node as an edge
// node of the installation. Returns this machine's node, registered in the store. kUnavailable: no
// engine answers; kUnsupported: it is a swarm worker.
Task<Result<Node>> set_up_swarm(engine::SwarmEngine& engine, Store& store, const HostFacts& facts,
                                const std::string& install_id);

// This machine's node as an earlier life of croftd registered it; none before the first start.
Task<Result<std::optional<Node>>> known_node(Store& store, const HostFacts& facts);

}  // namespace croft
