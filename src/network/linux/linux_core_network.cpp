#include "network/linux/linux_core_network.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/spawn.h"
#include "network/linux/interface_addresses.h"
#include "network/linux/ip_command.h"
#include "network/linux/nft.h"
#include "plan/ruleset_frame.h"

namespace croft {
namespace {

struct Setting {
  const char* name;
  const char* value;
};

// Forwarding is the core's purpose. "Liberal" lets established connections go on when this core
// did not see their beginning (after a takeover). A standby listens on addresses that it does not
// have yet, so that it answers the moment it has them.
constexpr Setting kSettings[] = {
    {"net.ipv4.ip_forward", "1"},
    {"net.ipv6.conf.all.forwarding", "1"},
    {"net.netfilter.nf_conntrack_tcp_be_liberal", "1"},
    {"net.ipv4.ip_nonlocal_bind", "1"},
    {"net.ipv6.ip_nonlocal_bind", "1"},
};

struct FloatingAddress {
  const char* field;
  const std::string& interface;
  const std::string& text;
};

std::vector<FloatingAddress> floating(const CoreDesired& d, const CoreInterfaces& i) {
  return {{"gateway4", i.segment, d.gateway4},
          {"gateway6", i.segment, d.gateway6},
          {"uplink_address4", i.uplink, d.uplink_address4},
          {"uplink_address6", i.uplink, d.uplink_address6}};
}

Result<std::string> interface_in(const std::vector<InterfaceAddress>& all, const std::string& range,
                                 std::string_view what, const CoreDesired& d) {
  const auto prefix = IpPrefix::parse(range);
  for (const InterfaceAddress& at : all) {
    const std::string text = at.address.str();
    if (text == d.gateway4 || text == d.uplink_address4) continue;  // ours, from an earlier run
    if (prefix && prefix->contains(at.address)) return at.interface;
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("core: no interface has an address in {}, the {} range; is the core "
                          "attached to that network?",
                          range, what));
}

// What Docker gave this container, in a fixed order. Link-local ones are of the link only.
std::vector<std::string> own_addresses(const std::vector<InterfaceAddress>& all,
                                       const CoreInterfaces& found, const CoreDesired& d) {
  std::vector<IpAddress> shared;
  for (const FloatingAddress& f : floating(d, found)) {
    if (const auto address = IpAddress::parse(f.text)) shared.push_back(*address);
  }
  for (const std::string& text : d.pair4) {
    if (const auto address = IpAddress::parse(text)) shared.push_back(*address);
  }
  const IpPrefix link_local = *IpPrefix::parse("fe80::/10");
  std::vector<std::string> own;
  for (const InterfaceAddress& at : all) {
    if (at.interface != found.segment && at.interface != found.uplink) continue;
    if (link_local.contains(at.address)) continue;
    if (std::find(shared.begin(), shared.end(), at.address) != shared.end()) continue;
    own.push_back(at.address.str());
  }
  std::sort(own.begin(), own.end());
  return own;
}

bool has(const std::vector<InterfaceAddress>& all, const FloatingAddress& f) {
  const auto address = IpAddress::parse(f.text);
  return address &&
         std::find(all.begin(), all.end(), InterfaceAddress{f.interface, *address}) != all.end();
}

// What is to be done so that the only default route of a family leads to `via`.
Result<std::vector<std::string>> default_route_lines(bool v6, const std::string& via,
                                                     const std::string& interface) {
  auto routes = ip_json({v6 ? "-6" : "-4", "route", "show", "default"});
  if (!routes) return fail(std::move(routes).error());
  std::vector<std::string> lines;
  bool found = false;
  for (const auto& route : routes->as_array()) {
    const auto text = [&](const char* key) {
      const auto* value = route.as_object().if_contains(key);
      return value != nullptr && value->is_string() ? std::string(value->as_string())
                                                    : std::string();
    };
    const std::string gateway = text("gateway");
    if (gateway == via && text("dev") == interface) {
      found = true;
    } else {
      lines.push_back(fmt::format("route del {}{} dev {}", v6 ? "::/0" : "0.0.0.0/0",
                                  gateway.empty() ? "" : " via " + gateway, text("dev")));
    }
  }
  if (!found) lines.push_back(fmt::format("route replace default via {} dev {}", via, interface));
  return lines;
}

}  // namespace

Result<CoreInterfaces> LinuxCoreNetwork::find_interfaces(const CoreDesired& desired) {
  auto all = list_interface_addresses();
  if (!all) return fail(std::move(all).error());
  auto segment = interface_in(*all, desired.segment4, "segment", desired);
  if (!segment) return fail(std::move(segment).error());
  auto uplink = interface_in(*all, desired.uplink4, "uplink", desired);
  if (!uplink) return fail(std::move(uplink).error());
  CoreInterfaces found{.segment = std::move(*segment), .uplink = std::move(*uplink)};
  found.own = own_addresses(*all, found, desired);
  return found;
}

Status LinuxCoreNetwork::check_settings() {
  for (const Setting& setting : kSettings) {
    std::string path = fmt::format("/proc/sys/{}", setting.name);
    std::replace(path.begin() + 10, path.end(), '.', '/');
    const auto value = read_file(path, 100);
    if (value && value->substr(0, value->find('\n')) == setting.value) continue;
    return fail(ErrorCode::kFailed,
                fmt::format("core: kernel setting {} must be {}; set it in the sysctls of the core "
                            "service",
                            setting.name, setting.value),
                value ? *value : value.error().describe());
  }
  return {};
}

Status LinuxCoreNetwork::prepare_interfaces(const CoreDesired& desired,
                                            const CoreInterfaces& interfaces,
                                            const PairAddresses& pair) {
  // /32: the network's own route is there already, by the address Docker gave.
  std::vector<std::string> lines = {
      fmt::format("address replace {}/32 dev {}", pair.own, interfaces.uplink),
      fmt::format("route replace {}/32 dev {} src {}", pair.partner, interfaces.uplink, pair.own)};
  for (const bool v6 : {false, true}) {
    const std::string& via = v6 ? desired.uplink_node6 : desired.uplink_node4;
    auto more = default_route_lines(v6, via, interfaces.uplink);
    if (!more) return fail(std::move(more).error());
    lines.insert(lines.end(), more->begin(), more->end());
  }
  CROFT_TRY(ip_batch(lines));
  // The partner may know the address by the MAC of the container before this one: what it
  // advertises would go there, and this core would take over because it hears nothing.
  const auto own = IpAddress::parse(pair.own);
  const auto mac = interface_mac(interfaces.uplink);
  if (!mac) return fail(mac.error());
  return send_frames(interfaces.uplink,
                     {gratuitous_arp(*mac, *own, false), gratuitous_arp(*mac, *own, true)});
}

Result<bool> LinuxCoreNetwork::holds_addresses(const CoreDesired& desired,
                                               const CoreInterfaces& interfaces) {
  auto present = list_interface_addresses();
  if (!present) return fail(std::move(present).error());
  const auto all = floating(desired, interfaces);
  return std::all_of(all.begin(), all.end(),
                     [&](const FloatingAddress& f) { return has(*present, f); });
}

Status LinuxCoreNetwork::announce(const CoreDesired& desired, const CoreInterfaces& interfaces) {
  for (const FloatingAddress& f : floating(desired, interfaces)) {
    const auto address = IpAddress::parse(f.text);
    if (!address) continue;
    const auto mac = interface_mac(f.interface);
    if (!mac) return fail(mac.error());
    std::vector<std::string> frames;
    if (address->is_v6()) {
      frames = {unsolicited_advertisement(*mac, *address)};
    } else {
      frames = {gratuitous_arp(*mac, *address, false), gratuitous_arp(*mac, *address, true)};
    }
    CROFT_TRY(send_frames(f.interface, frames));
  }
  return {};
}

Result<bool> LinuxCoreNetwork::has_ruleset() {
  return nft_table_exists(std::string(kCoreTable));
}

Status LinuxCoreNetwork::apply_ruleset(const std::string& script) {
  return run_nft(script);
}

Result<CoreCounts> LinuxCoreNetwork::counts() {
  const auto listed = nft_list(fmt::format("list counters table {}", kCoreTable));
  if (!listed) return fail(listed.error());
  const auto connections = read_file("/proc/sys/net/netfilter/nf_conntrack_count", 100);
  if (!connections) return fail(connections.error());
  return CoreCounts{.refused = counted_packets(*listed, kRefusedCounter),
                    .spoofed = counted_packets(*listed, kSpoofedCounter),
                    .connections = std::atoll(connections->c_str())};
}

Status LinuxCoreNetwork::forget_connections(const std::vector<std::string>& addresses) {
  for (const std::string& text : addresses) {
    const auto address = IpAddress::parse(text);
    if (!address) continue;
    // Exit code 1 with "0 flow entries" is its way to say that there was none.
    auto result = run_program({.argv = {"conntrack", "-D", "-f", address->is_v6() ? "ipv6" : "ipv4",
                                        "--reply-src", address->str()},
                               .timeout = Millis(10'000)});
    if (!result) return fail(std::move(result).error());
  }
  return {};
}

Status LinuxCoreNetwork::exchange_connections(const std::string& config_file, bool active) {
  // What came from the partner is in the kernel only (-R), then all of it is told (-B).
  const std::vector<const char*> requests =
      active ? std::vector<const char*>{"-R", "-B"} : std::vector<const char*>{"-n"};
  for (const char* request : requests) {
    auto done = run_program_checked(
        {.argv = {"conntrackd", "-C", config_file, request}, .timeout = Millis(10'000)});
    if (!done) return fail(std::move(done).error());
  }
  return {};
}

}  // namespace croft
