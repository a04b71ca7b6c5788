// Services, tasks, nodes and the swarm in the form of the Docker API, both ways. Pure.
#pragma once

#include <boost/json/value.hpp>

#include "engine/container.h"
#include "engine/docker/json_view.h"
#include "engine/network_spec.h"

namespace croft::engine {

boost::json::object service_to_json(const ServiceSpec& spec);
// The inverse: what the engine adds by itself (defaults) reads as our defaults. A network is named
// by its id then, also the host network.
ServiceSpec service_from_json(JsonView spec);
ServiceInfo service_info_from_json(JsonView service);

TaskInfo task_from_json(JsonView task);
NodeInfo node_from_json(JsonView node);

SwarmSettings swarm_settings_from_json(JsonView spec);
// Puts the settings into a swarm spec, keeping what else it holds.
void put_swarm_settings(boost::json::object& spec, const SwarmSettings& settings);

// "10.0.0.3/24" -> "10.0.0.3"
std::string without_prefix_length(const std::string& address);

}  // namespace croft::engine
