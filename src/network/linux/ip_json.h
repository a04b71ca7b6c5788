// What `ip -json` and `bridge -json` print, read into our types. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "plan/host_plan.h"

namespace croft {

// Devices whose names begin with `prefix`, from `ip -details -json address show`.
std::vector<HostDevice> read_devices(const boost::json::value& links, const std::string& prefix);
// Flood destinations of one device, from `bridge -json fdb show`.
std::vector<std::string> read_peers(const boost::json::value& fdb, const std::string& device);
// From `ip -json -6 route show proto 201`; only those that leave by `device`.
std::vector<NodeRoute> read_routes(const boost::json::value& routes, const std::string& device);
// Interfaces, from `ip -json route show default`.
std::vector<std::string> read_interfaces(const boost::json::value& routes);

}  // namespace croft
