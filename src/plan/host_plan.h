// What has to be done on a node's network so that it matches NodeDesired. Pure; the Linux adapter
// runs the lines.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/node_state.h"

namespace croft {

// UDP port of croft's own VXLAN devices: not Docker's (4789), whose overlays have their own ids.
inline constexpr int kVxlanPort = 14789;
// Origin mark of croft's routes (`ip route … proto 201`), so that no other route is ever touched.
inline constexpr int kRouteProtocol = 201;

struct HostDevice {
  std::string name;
  std::string kind;   // "vxlan", "macvlan"
  int vni = 0;        // vxlan
  std::string local;  // vxlan
  int port = 0;       // vxlan
  int mtu = 0;
  bool up = false;
  std::string parent;                  // macvlan
  std::vector<std::string> peers;      // vxlan: where unknown destinations are flooded to
  std::vector<std::string> addresses;  // with prefix length, without link-local ones
};

// What is there, as far as it is this installation's.
struct HostState {
  std::vector<HostDevice> devices;
  std::vector<NodeRoute> routes;
  // Of the machine: interfaces of its default routes; where projects' egress may leave.
  std::vector<std::string> default_interfaces;
};

struct HostPlan {
  std::vector<std::string> ip_lines;      // for `ip -batch`
  std::vector<std::string> bridge_lines;  // for `bridge -batch`, after them
  bool empty() const { return ip_lines.empty() && bridge_lines.empty(); }
};

// "cab12cd": what names of this installation's interfaces begin with.
std::string device_prefix(std::string_view install_id);

// kInvalid when a name or address of `desired` is none, or a device is not this installation's.
// Devices of the installation that are not desired are removed. A VXLAN device whose id, port or
// local address differs is made anew, which takes its containers' interfaces with it.
Result<HostPlan> plan_host(const NodeDesired& desired, const HostState& state,
                           std::string_view install_id);

// Everything of the installation goes.
HostPlan plan_purge(const HostState& state);

// Device names that exist as desired: what the node reports.
std::vector<std::string> matching_segments(const NodeDesired& desired, const HostState& state);

}  // namespace croft
