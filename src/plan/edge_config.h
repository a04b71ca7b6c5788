// The edge's whole Caddy configuration as a pure function of the platform's settings. Caddy's own
// documentation of its JSON structure is the source of every key; the timings are measured
// (DESIGN.md §4).
//
// It names no project: for each request Caddy looks for the host's file in the directory of routes
// (edge_routes.h), and asks the edge's resolver for the service's instances (keep/relay.h).
// decisions/0014 says why.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_codec.h"
#include "base/result.h"

namespace croft {

struct EdgeSettings {
  std::string platform_domain;                // see valid_platform_domain()
  std::vector<std::string> listen_addresses;  // IPv4 or IPv6; empty: every address
  std::uint16_t http_port = 80;
  std::uint16_t https_port = 443;  // TCP and, for HTTP/3, UDP
  // Paths as Caddy sees them, absolute.
  std::string admin_socket;  // at most 100 characters
  std::string storage_dir;   // certificates and keys
  std::string routes_dir;
  std::string resolver_socket;
  std::string access_log;  // file, rotated at 50 MB, 3 kept; empty: standard output
  // How long a connection that is open when the configuration changes may stay: WebSockets of
  // services that did not change would be cut after it.
  int stream_close_delay_s = 12 * 3600;
};
BOOST_DESCRIBE_STRUCT(EdgeSettings, (),
                      (platform_domain, listen_addresses, http_port, https_port, admin_socket,
                       storage_dir, routes_dir, resolver_socket, access_log, stream_close_delay_s))

// JSON text. kInvalid for a bad setting.
Result<std::string> render_edge_config(const EdgeSettings& settings);

// Whether two configurations are the same JSON value; false when either is not JSON.
bool same_edge_config(std::string_view a, std::string_view b);

// The certificate authority that signs the platform's names, PEM, below `storage_dir`.
std::string edge_root_certificate_path(std::string_view storage_dir);

}  // namespace croft
