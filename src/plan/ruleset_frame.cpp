#include "plan/ruleset_frame.h"

#include <fmt/args.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "model/init_config.h"
#include "plan/core_pair.h"

namespace croft {
namespace {

// `{seg}` and `{up}`: interfaces. Order matters within a chain; the first verdict ends it, and a
// packet passes spoof_guard, then the translation to a target, then one of the filters. What is
// refused is refused loudly, so that applications fail at once: by a reset where possible, because
// the kernel sends only a few ICMP errors a second to one address. What the partner advertises of
// the gateway is no news for a core, and no forgery. `{answer}`: what an instance says on a
// connection of the edge. A core that took over before it was told of that connection knows it by
// this, and refuses whoever would make a new one of it. The partner hears of a TCP connection when
// it is established and when it has ended, not of each step between.
constexpr const char* kFrame = R"(  counter {refused} {{
  }}
  counter {spoofed} {{
  }}
  map services4 {{
    type ipv4_addr . inet_proto . inet_service : verdict
  }}
  map services6 {{
    type ipv6_addr . inet_proto . inet_service : verdict
  }}
  set published6 {{
    type ipv6_addr . inet_proto . inet_service
  }}
  set denied4 {{
    type ipv4_addr
    flags interval
    elements = {{ {denied4} }}
  }}
  set denied6 {{
    type ipv6_addr
    flags interval
    elements = {{ {denied6} }}
  }}
  chain spoof_guard {{
    type filter hook prerouting priority raw; policy accept;
    iifname "{seg}" icmpv6 type {{ nd-router-advert, nd-redirect }} counter name {spoofed} drop
    iifname "{seg}" ip saddr != {segment4} counter name {spoofed} drop
    iifname "{seg}" ip saddr {gateway4} counter name {spoofed} drop
    iifname "{seg}" ip6 saddr {gateway6} icmpv6 type nd-neighbor-advert drop
    iifname "{seg}" ip6 saddr {gateway6} counter name {spoofed} drop
    iifname "{seg}" ip6 saddr {{ ::, fe80::/10 }} meta l4proto != {icmpv6} counter name {spoofed} drop
    iifname "{seg}" ip6 saddr != {{ ::, fe80::/10, {segment6} }} counter name {spoofed} drop
    iifname "{up}" ip saddr {{ {segment4}, {service_range4}, {uplink_address4} }} drop
    iifname "{up}" ip6 saddr {{ {segment6}, {service_range6}, {uplink_address6} }} drop
  }}
  chain to_services {{
    type nat hook prerouting priority dstnat; policy accept;
    iifname "{seg}" ip daddr . meta l4proto . th dport vmap @services4
    iifname "{seg}" ip6 daddr . meta l4proto . th dport vmap @services6
  }}
  chain to_core {{
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    icmp type redirect drop
    icmpv6 type {{ nd-router-advert, nd-redirect }} drop
    ct state established,related accept
    icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} ip6 hoplimit 255 accept
    icmp type echo-request limit rate 50/second accept
    icmpv6 type echo-request limit rate 50/second accept
    iifname "{seg}" ip daddr {gateway4} meta l4proto . th dport {{ {inside_ports} }} accept
    iifname "{seg}" ip6 daddr {gateway6} meta l4proto . th dport {{ {inside_ports} }} accept
    iifname "{up}" ip saddr {edge_range4} ip daddr {uplink_address4} \
      meta l4proto . th dport {{ {uplink_ports} }} accept
    iifname "{up}" ip6 saddr {edge_range6} ip6 daddr {uplink_address6} \
      meta l4proto . th dport {{ {uplink_ports} }} accept
{pair_rules}    iifname "{seg}" meta pkttype host counter name {refused}
  }}
  chain rejected {{
    meta l4proto {tcp} reject with tcp reset
    reject with icmpx admin-prohibited
  }}
  chain refused {{
    counter name {refused}
    goto rejected
  }}
  chain passing {{
    type filter hook forward priority filter; policy drop;
    ct state new meta l4proto {tcp} ct event set assured,destroy
    tcp flags syn / syn,rst tcp option maxseg size set rt mtu
    iifname "{seg}" ip6 daddr {edge_range6} tcp flags syn / syn,ack ct state established goto refused
    ct state established,related accept
    ct state invalid drop
    {answer} accept
    iifname "{seg}" oifname "{seg}" ct status dnat accept
    iifname "{seg}" ip daddr {service_range4} goto refused
    iifname "{seg}" ip6 daddr {service_range6} goto refused
{edge_rules}    iifname "{seg}" ip daddr @denied4 goto refused
    iifname "{seg}" ip6 daddr @denied6 goto refused
    iifname "{seg}" oifname "{up}" accept
    iifname "{up}" oifname "{seg}" ip6 saddr {edge_range6} \
      ip6 daddr . meta l4proto . th dport @published6 accept
    iifname "{up}" oifname "{seg}" ip6 saddr {edge_range6} goto rejected
    iifname "{seg}" counter name {refused}
  }}
  chain from_core {{
    type filter hook output priority filter; policy accept;
    icmp type redirect drop
    icmpv6 type {{ nd-router-advert, nd-redirect }} drop
  }}
  chain leaving {{
    type nat hook postrouting priority srcnat; policy accept;
    {answer} accept
    iifname "{seg}" oifname "{seg}" ip saddr {segment4} snat ip to {gateway4}
    iifname "{seg}" oifname "{seg}" ip6 saddr {segment6} snat ip6 to {gateway6}
    iifname "{seg}" oifname "{up}" ip saddr {segment4} snat ip to {uplink_address4}
    iifname "{seg}" oifname "{up}" ip6 saddr {segment6} snat ip6 to {uplink_address6}
  }}
)";

using Arguments = fmt::dynamic_format_arg_store<fmt::format_context>;

tl::unexpected<Error> wrong(const char* field, const std::string& text) {
  return fail(ErrorCode::kInvalid,
              fmt::format("core state: {} \"{}\" is not an address of its family", field, text));
}

Status push_address(Arguments& out, const char* field, const std::string& text, bool v6) {
  const auto address = IpAddress::parse(text);
  if (!address || address->is_v6() != v6) return wrong(field, text);
  out.push_back(fmt::arg(field, address->str()));
  return {};
}

Status push_range(Arguments& out, const char* field, const std::string& text, bool v6) {
  const auto range = IpPrefix::parse(text);
  if (!range || range->is_v6() != v6) return wrong(field, text);
  out.push_back(fmt::arg(field, range->str()));
  return {};
}

template <std::size_t N>
Result<std::string> denied(const char* field, const std::vector<std::string>& given,
                           const char* const (&never)[N], bool v6) {
  std::vector<IpPrefix> ranges;
  for (const char* text : never) ranges.push_back(*IpPrefix::parse(text));
  for (const std::string& text : given) {
    const auto range = IpPrefix::parse(text);
    if (!range || range->is_v6() != v6) return wrong(field, text);
    ranges.push_back(*range);
  }
  std::vector<std::string> out;
  for (const IpPrefix& range : without_nested(std::move(ranges))) out.push_back(range.str());
  return fmt::format("{}", fmt::join(out, ", "));
}

// What instances reach although it is denied otherwise: one line per family.
Result<std::string> edge_rules(const CoreDesired& d, const CoreInterfaces& interfaces) {
  std::string rules;
  for (const bool v6 : {false, true}) {
    auto match = match_edge(d.edge, v6);
    if (!match) return match;
    if (match->empty()) continue;
    rules += fmt::format("    iifname \"{}\" oifname \"{}\" {} accept\n", interfaces.segment,
                         interfaces.uplink, *match);
  }
  return rules;
}

// What the cores of the project say to each other; before there is a pair, nothing.
Result<std::string> pair_rules(const CoreDesired& d, const CoreInterfaces& interfaces) {
  if (d.pair4.empty()) return std::string();
  auto addresses = pair_addresses(d, kCoreSlots[0]);
  if (!addresses) return fail(std::move(addresses).error());
  const std::string match =
      fmt::format("    iifname \"{0}\" ip saddr {{ {1}, {2} }} ip daddr {{ {1}, {2} }} ",
                  interfaces.uplink, addresses->own, addresses->partner);
  return fmt::format("{0}meta l4proto {1} accept\n{0}udp dport {{ {2}, {3} }} accept\n", match,
                     kVrrpNumber, kPairSyncPort, kPairTalkPort);
}

Status push_addresses(Arguments& out, const CoreDesired& d) {
  CROFT_TRY(push_range(out, "segment4", d.segment4, false));
  CROFT_TRY(push_range(out, "segment6", d.segment6, true));
  CROFT_TRY(push_address(out, "gateway4", d.gateway4, false));
  CROFT_TRY(push_address(out, "gateway6", d.gateway6, true));
  CROFT_TRY(push_range(out, "service_range4", d.service_range4, false));
  CROFT_TRY(push_range(out, "service_range6", d.service_range6, true));
  CROFT_TRY(push_address(out, "uplink_address4", d.uplink_address4, false));
  CROFT_TRY(push_address(out, "uplink_address6", d.uplink_address6, true));
  CROFT_TRY(push_range(out, "edge_range4", d.edge_range4, false));
  CROFT_TRY(push_range(out, "edge_range6", d.edge_range6, true));
  std::vector<std::string> denied4 = d.denied4;
  denied4.push_back(d.uplink4);
  std::vector<std::string> denied6 = d.denied6;
  denied6.push_back(d.uplink6);
  auto text4 = denied("denied4", denied4, kNever4, false);
  if (!text4) return fail(std::move(text4).error());
  auto text6 = denied("denied6", denied6, kNever6, true);
  if (!text6) return fail(std::move(text6).error());
  out.push_back(fmt::arg("denied4", *text4));
  out.push_back(fmt::arg("denied6", *text6));
  return {};
}

}  // namespace

bool valid_interface_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !name.empty() && name.size() <= 15 && name[0] != '-' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<std::string> match_edge(const EdgeEntrance& edge, bool v6) {
  std::vector<std::string> addresses;
  for (const std::string& text : v6 ? edge.addresses6 : edge.addresses4) {
    const auto address = IpAddress::parse(text);
    if (!address || address->is_v6() != v6) return wrong("edge address", text);
    const auto holds = [&](const char* range) {
      return IpPrefix::parse(range)->contains(*address);
    };
    const bool never = v6 ? std::any_of(std::begin(kNever6), std::end(kNever6), holds)
                          : std::any_of(std::begin(kNever4), std::end(kNever4), holds);
    if (!never) addresses.push_back(address->str());
  }
  std::vector<std::string> ports;
  for (const auto& [protocol, numbers] :
       {std::pair(kTcpNumber, edge.tcp_ports), std::pair(kUdpNumber, edge.udp_ports)}) {
    for (const int port : numbers) {
      if (port < 1 || port > 65535) return wrong("edge port", std::to_string(port));
      ports.push_back(fmt::format("{} . {}", protocol, port));
    }
  }
  if (addresses.empty() || ports.empty()) return std::string();
  return fmt::format("{} daddr {{ {} }} meta l4proto . th dport {{ {} }}", v6 ? "ip6" : "ip",
                     fmt::join(addresses, ", "), fmt::join(ports, ", "));
}

std::vector<IpPrefix> without_nested(std::vector<IpPrefix> ranges) {
  // Sorted by start, then the wider one first: what is nested follows what holds it.
  std::sort(ranges.begin(), ranges.end());
  std::vector<IpPrefix> out;
  for (const IpPrefix& range : ranges) {
    if (out.empty() || !out.back().contains(range)) out.push_back(range);
  }
  return out;
}

Result<std::string> render_frame(const CoreDesired& desired, const CoreInterfaces& interfaces) {
  if (!valid_interface_name(interfaces.segment) || !valid_interface_name(interfaces.uplink)) {
    return fail(ErrorCode::kInvalid, fmt::format("core: \"{}\" or \"{}\" is not an interface name",
                                                 interfaces.segment, interfaces.uplink));
  }
  Arguments arguments;
  CROFT_TRY(push_addresses(arguments, desired));
  auto edge = edge_rules(desired, interfaces);
  if (!edge) return edge;
  arguments.push_back(fmt::arg("edge_rules", *edge));
  auto pair = pair_rules(desired, interfaces);
  if (!pair) return pair;
  arguments.push_back(fmt::arg("pair_rules", *pair));
  arguments.push_back(fmt::arg("refused", kRefusedCounter));
  arguments.push_back(fmt::arg("spoofed", kSpoofedCounter));
  arguments.push_back(fmt::arg("seg", interfaces.segment));
  arguments.push_back(fmt::arg("up", interfaces.uplink));
  arguments.push_back(fmt::arg("tcp", kTcpNumber));
  arguments.push_back(fmt::arg("icmpv6", kIcmpv6Number));
  const std::string uplink_ports = fmt::format("{} . 53, {} . 53", kTcpNumber, kUdpNumber);
  arguments.push_back(fmt::arg("uplink_ports", uplink_ports));
  const std::string inside_ports = fmt::format("{}, {} . {}", uplink_ports, kTcpNumber, kOncePort);
  arguments.push_back(fmt::arg("inside_ports", inside_ports));
  const std::string answer = fmt::format(
      "iifname \"{}\" oifname \"{}\" ip6 daddr {} ip6 saddr . meta l4proto . th sport @published6 "
      "tcp flags != syn / syn,ack",
      interfaces.segment, interfaces.uplink, desired.edge_range6);
  arguments.push_back(fmt::arg("answer", answer));
  return fmt::vformat(kFrame, arguments);
}

}  // namespace croft
