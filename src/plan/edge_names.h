// The names under which the platform's domain reaches a service.
//
//   SERVICE-PROJECT.<domain>        the service's main HTTP port (80, or the first that speaks
//   HTTP) SERVICE-PROJECT-PORT.<domain>   every HTTP port, when there are several
//
// No two (project, service, port) get the same name, whatever the others are called, so that nobody
// can take over a name by choosing a project name. Hostnames have no dash, so the first dash ends
// the service. A project name may end like a port (`shop-3000`); then `api-shop-3000` would be both
// its service `api` and port 3000 of `api` in `shop`. Such a project gets names with a port only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/service.h"

namespace croft {

// Ports below cannot have a name with their number: a project name ending in -0 to -9 is a common
// one ("shop-2") and keeps its short names.
inline constexpr int kLowestNamedPort = 10;

struct EdgeName {
  std::string host;  // "api-shop.example.test"
  std::uint16_t port = 0;
  bool operator==(const EdgeName&) const = default;
};

// Letters, digits, dashes and dots: at least one label, each 1..63 characters without a dash at its
// ends, together at most 180 characters (a service name must fit in front). No trailing dot.
bool valid_platform_domain(std::string_view domain);

// Whether the project's services have no short names (see above).
bool project_name_ends_like_a_port(std::string_view project);

// The names of a service, the main port's first; empty when no port speaks HTTP. Each name once.
// `project`, `hostname` and `domain` must be valid (kInvalid). kInvalid also when a port below
// kLowestNamedPort would need a name with its number.
Result<std::vector<EdgeName>> edge_names(std::string_view project, std::string_view hostname,
                                         const std::vector<Port>& ports, std::string_view domain);

}  // namespace croft
