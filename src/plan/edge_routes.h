// Which service the edge serves under which name, and how a route is written down for Caddy: as an
// empty file, `HOST/SERVICE.PROJECT.PORT.CORE` below the directory of routes, where CORE are the 32
// hexadecimal digits of the core's address. Caddy finds it by the request's host (edge_config.h),
// so a route comes and goes with its file and needs no new configuration. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/edge_route.h"
#include "model/project.h"
#include "model/service.h"
#include "plan/address_plan.h"

namespace croft {

// What a file's path relative to the directory of routes looks like, with a named group for each
// part, in the syntax of Go's regexp. Host names hold nothing but letters, digits, dashes and dots.
inline constexpr const char* kEdgeRoutePattern =
    R"(^/?[a-z0-9.-]+/(?P<service>[a-z0-9]+)\.(?P<project>[a-z0-9-]+)\.(?P<port>[0-9]+)\.)"
    R"((?P<core>[0-9a-f]{32})$)";

// Ordered by host, each host once. A service whose names cannot be made has no route: it must not
// keep others from theirs.
std::vector<EdgeRoute> edge_routes(const AddressPlan& addresses,
                                   const std::vector<Project>& projects,
                                   const std::vector<Service>& services, const std::string& domain);

// The name of the route's file in the directory of its host. kInvalid names the route and the value
// that is not what it should be: nothing in it is text that Caddy would expand, nor a path.
Result<std::string> edge_route_file(const EdgeRoute& route);

}  // namespace croft
