// The edge's whole Caddy configuration as a pure function of its routes. Caddy's own documentation
// of its JSON structure is the source of every key; the timings are measured (DESIGN.md §4).
//
// It changes only when a route appears or goes: which instances serve a service, Caddy asks the
// project's core by DNS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_codec.h"
#include "base/result.h"

namespace croft {

// Requests for any of `hosts` whose path starts with `path_prefix` go to a service.
struct EdgeRoute {
  std::vector<std::string> hosts;  // lower case; see edge_names()
  std::string project;
  std::string service;     // hostname in the project
  std::uint16_t port = 0;  // on which its instances speak HTTP
  // Where the project's core answers DNS for the edge: an IPv6 address, port 53 unless
  // resolver_port says otherwise.
  std::string resolver;
  std::uint16_t resolver_port = 53;
  std::string path_prefix = "/";  // "/" or "/a/b" without a slash at the end
  bool operator==(const EdgeRoute&) const = default;
};
BOOST_DESCRIBE_STRUCT(EdgeRoute, (),
                      (hosts, project, service, port, resolver, resolver_port, path_prefix))

struct EdgeSettings {
  std::string platform_domain;                // see valid_platform_domain()
  std::vector<std::string> listen_addresses;  // IPv4 or IPv6; empty: every address
  std::uint16_t http_port = 80;
  std::uint16_t https_port = 443;  // TCP and, for HTTP/3, UDP
  // Paths as Caddy sees them, absolute.
  std::string admin_socket;  // at most 100 characters
  std::string storage_dir;   // certificates and keys
  std::string access_log;    // file, rotated at 50 MB, 3 kept; empty: standard output
  // How long a connection that is open when the configuration changes may stay: WebSockets of
  // services that did not change would be cut after it.
  int stream_close_delay_s = 12 * 3600;
};
BOOST_DESCRIBE_STRUCT(EdgeSettings, (),
                      (platform_domain, listen_addresses, http_port, https_port, admin_socket,
                       storage_dir, access_log, stream_close_delay_s))

struct EdgeDesired {
  EdgeSettings settings;
  std::vector<EdgeRoute> routes;
};
BOOST_DESCRIBE_STRUCT(EdgeDesired, (), (settings, routes))

// Nothing in a route is text that Caddy would expand: names, addresses and paths hold no braces,
// wildcards, escapes or control characters. kInvalid names the route and the value.
Status validate_edge_route(const EdgeRoute& route);

// JSON text; the same for the same set of routes in any order. kInvalid for a bad setting or route,
// kConflict when two routes claim the same host and path.
Result<std::string> render_edge_config(const EdgeDesired& desired);

// Whether two configurations are the same JSON value; false when either is not JSON.
bool same_edge_config(std::string_view a, std::string_view b);

// The certificate authority that signs the platform's names, PEM, below `storage_dir`.
std::string edge_root_certificate_path(std::string_view storage_dir);

}  // namespace croft
