#include "plan/host_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ip.h"
#include "plan/ruleset_frame.h"

namespace croft {
namespace {

using Strings = std::vector<std::string>;

constexpr std::string_view kFlood = "00:00:00:00:00:00";

const HostDevice* find(const HostState& state, const std::string& name) {
  const auto it = std::find_if(state.devices.begin(), state.devices.end(),
                               [&](const HostDevice& d) { return d.name == name; });
  return it == state.devices.end() ? nullptr : &*it;
}

template <class T>
bool contains(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

Status check_segment(const NodeSegment& s, std::string_view prefix) {
  if (!valid_interface_name(s.device) || !s.device.starts_with(prefix)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("segment \"{}\": not a device name of this installation", s.device));
  }
  if (s.vni < 1 || s.vni >= 1 << 24 || s.mtu < 1280 || s.mtu > 65535) {
    return fail(ErrorCode::kInvalid, fmt::format("segment {}: network id {} or MTU {} is out of "
                                                 "range",
                                                 s.device, s.vni, s.mtu));
  }
  std::vector<std::string> addresses = s.peers;
  addresses.push_back(s.local_address);
  for (const std::string& address : addresses) {
    if (IpAddress::parse(address)) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("segment {}: \"{}\" is not an address", s.device, address));
  }
  return {};
}

// "10.127.0.1/16" of the family; canonical.
Result<std::string> interface_address(const std::string& text, bool v6) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  const std::string length = slash == std::string::npos ? "" : text.substr(slash + 1);
  const bool good = address && address->is_v6() == v6 &&
                    IpPrefix::parse((v6 ? "::/" : "0.0.0.0/") + length).has_value();
  if (!good) {
    return fail(ErrorCode::kInvalid,
                fmt::format("uplink: \"{}\" is not an IPv{} address with a prefix length", text,
                            v6 ? 6 : 4));
  }
  return address->str() + "/" + length;
}

bool same_tunnel(const HostDevice& device, const NodeSegment& s) {
  return device.kind == "vxlan" && device.vni == s.vni && device.local == s.local_address &&
         device.port == kVxlanPort;
}

void plan_segment(HostPlan& plan, const NodeSegment& s, const HostState& state) {
  const HostDevice* device = find(state, s.device);
  if (device != nullptr && !same_tunnel(*device, s)) {
    plan.ip_lines.push_back(fmt::format("link del {}", s.device));
    device = nullptr;
  }
  if (device == nullptr) {
    plan.ip_lines.push_back(fmt::format("link add {} type vxlan id {} local {} dstport {}",
                                        s.device, s.vni, s.local_address, kVxlanPort));
    // The machine itself has no address on a tenants' segment, not even a link-local one.
    plan.ip_lines.push_back(fmt::format("link set dev {} addrgenmode none", s.device));
  }
  if (device == nullptr || device->mtu != s.mtu || !device->up) {
    plan.ip_lines.push_back(fmt::format("link set dev {} mtu {} up", s.device, s.mtu));
  }
  const std::vector<std::string> present = device != nullptr ? device->peers : Strings{};
  for (const std::string& peer : s.peers) {
    if (contains(present, peer)) continue;
    plan.bridge_lines.push_back(fmt::format("fdb append {} dev {} dst {}", kFlood, s.device, peer));
  }
  for (const std::string& peer : present) {
    if (contains(s.peers, peer)) continue;
    plan.bridge_lines.push_back(fmt::format("fdb del {} dev {} dst {}", kFlood, s.device, peer));
  }
}

void plan_child(HostPlan& plan, const NodeUplink& uplink, const Strings& addresses,
                const HostState& state) {
  const std::string& name = uplink.child_device;
  const HostDevice* child = find(state, name);
  const HostDevice* parent = find(state, uplink.segment.device);
  const bool parent_stays = parent != nullptr && same_tunnel(*parent, uplink.segment);
  const bool wrong =
      child != nullptr && (child->kind != "macvlan" || child->parent != uplink.segment.device);
  // When the parent is made anew, the kernel removes the child with it.
  if (wrong && parent_stays) plan.ip_lines.push_back(fmt::format("link del {}", name));
  if (wrong || !parent_stays) child = nullptr;
  if (child == nullptr) {
    plan.ip_lines.push_back(
        fmt::format("link add {} link {} type macvlan mode bridge", name, uplink.segment.device));
  }
  if (child == nullptr || !child->up || child->mtu != uplink.segment.mtu) {
    plan.ip_lines.push_back(fmt::format("link set dev {} mtu {} up", name, uplink.segment.mtu));
  }
  const Strings present = child != nullptr ? child->addresses : Strings{};
  for (const std::string& address : present) {
    if (contains(addresses, address)) continue;
    plan.ip_lines.push_back(fmt::format("address del {} dev {}", address, name));
  }
  for (const std::string& address : addresses) {
    if (contains(present, address)) continue;
    const bool v6 = address.find(':') != std::string::npos;
    plan.ip_lines.push_back(
        fmt::format("address replace {} dev {}{}", address, name, v6 ? " nodad" : ""));
  }
}

Status plan_routes(HostPlan& plan, const NodeUplink& uplink, const HostState& state) {
  const auto has = [](const std::vector<NodeRoute>& all, const NodeRoute& route) {
    return std::any_of(all.begin(), all.end(), [&](const NodeRoute& r) {
      return r.destination == route.destination && r.via == route.via;
    });
  };
  const HostDevice* parent = find(state, uplink.segment.device);
  const HostDevice* child = find(state, uplink.child_device);
  const bool keeps =
      parent != nullptr && same_tunnel(*parent, uplink.segment) && child != nullptr && child->up;
  for (const NodeRoute& route : state.routes) {
    if (!keeps || has(uplink.routes, route)) continue;
    plan.ip_lines.push_back(
        fmt::format("route del {} via {} proto {}", route.destination, route.via, kRouteProtocol));
  }
  for (const NodeRoute& route : uplink.routes) {
    if (!IpPrefix::parse(route.destination) || !IpAddress::parse(route.via)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("route to \"{}\" via \"{}\": these are not addresses",
                              route.destination, route.via));
    }
    if (keeps && has(state.routes, route)) continue;
    plan.ip_lines.push_back(fmt::format("route replace {} via {} dev {} proto {}",
                                        route.destination, route.via, uplink.child_device,
                                        kRouteProtocol));
  }
  return {};
}

bool is_desired(const NodeDesired& desired, const std::string& device) {
  return device == desired.uplink.segment.device || device == desired.uplink.child_device ||
         std::any_of(desired.segments.begin(), desired.segments.end(),
                     [&](const NodeSegment& s) { return s.device == device; });
}

}  // namespace

std::string device_prefix(std::string_view install_id) {
  return fmt::format("c{}", install_id);
}

Result<HostPlan> plan_host(const NodeDesired& desired, const HostState& state,
                           std::string_view install_id) {
  const std::string prefix = device_prefix(install_id);
  std::vector<NodeSegment> segments = desired.segments;
  segments.insert(segments.begin(), desired.uplink.segment);
  for (const NodeSegment& s : segments) CROFT_TRY(check_segment(s, prefix + "v"));
  if (desired.uplink.child_device != prefix + "u") {
    return fail(ErrorCode::kInvalid, fmt::format("uplink: \"{}\" is not {}u, this installation's",
                                                 desired.uplink.child_device, prefix));
  }
  Strings addresses;
  for (const bool v6 : {false, true}) {
    auto address =
        interface_address(v6 ? desired.uplink.node_address6 : desired.uplink.node_address4, v6);
    if (!address) return fail(std::move(address).error());
    addresses.push_back(std::move(*address));
  }
  HostPlan plan;
  for (const HostDevice& device : state.devices) {
    if (is_desired(desired, device.name)) continue;
    plan.ip_lines.push_back(fmt::format("link del {}", device.name));
  }
  for (const NodeSegment& s : segments) plan_segment(plan, s, state);
  plan_child(plan, desired.uplink, addresses, state);
  CROFT_TRY(plan_routes(plan, desired.uplink, state));
  return plan;
}

HostPlan plan_purge(const HostState& state) {
  HostPlan plan;
  // Children first: deleting a parent takes them along, and their own line would fail.
  for (const bool children : {true, false}) {
    for (const HostDevice& device : state.devices) {
      if ((device.kind == "macvlan") != children) continue;
      plan.ip_lines.push_back(fmt::format("link del {}", device.name));
    }
  }
  return plan;
}

std::vector<std::string> matching_segments(const NodeDesired& desired, const HostState& state) {
  std::vector<NodeSegment> segments = desired.segments;
  segments.push_back(desired.uplink.segment);
  Strings out;
  for (const NodeSegment& s : segments) {
    const HostDevice* device = find(state, s.device);
    if (device != nullptr && same_tunnel(*device, s) && device->up) out.push_back(s.device);
  }
  return out;
}

}  // namespace croft
