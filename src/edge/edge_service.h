// The Swarm service that runs the edge: one Caddy in the host's network on every node that carries
// the edge label.
#pragma once

#include <string>

#include "engine/spec.h"
#include "plan/edge_config.h"

namespace croft {

// Label of the engine's nodes that have the edge of this installation, with the value "true". One
// of its own for each, so that two installations can have one engine.
std::string edge_node_label(const std::string& install_id);

struct EdgeServiceConfig {
  std::string install_id;
  std::string image;           // of catalog type edge
  std::string host_directory;  // see prepare_edge_directory(); the same path on every edge node
  std::int64_t memory_bytes = 512ll << 20;
};

// It starts with nothing but the admin socket, takes a configuration there, and starts with that
// one again from then on. Changing the spec replaces the tasks, which closes every connection.
engine::ServiceSpec edge_service_spec(const EdgeServiceConfig& config);

// Settings with the paths as Caddy sees them there.
EdgeSettings edge_paths();

}  // namespace croft
