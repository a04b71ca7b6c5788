#include "plan/host_ruleset.h"

#include <fmt/args.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ip.h"
#include "plan/ruleset_frame.h"

namespace croft {
namespace {

// Priorities beside the usual ones, so that the order towards other tables is defined. An accept
// here does not overrule a drop elsewhere; a drop here is final.
constexpr const char* kTable = R"(add table {table}
delete table {table}
table {table} {{
  chain spoof_guard {{
    type filter hook prerouting priority raw - 5; policy accept;
    iifname "{segments}" drop
    iifname "{child}" ip saddr != {uplink4} drop
    iifname "{child}" ip6 saddr != {{ ::, fe80::/10, {ula} }} drop
    iifname != {{ "{child}", "lo" }} ip6 saddr {ula} drop
  }}
  chain to_machine {{
    type filter hook input priority filter - 5; policy accept;
    iifname != "{child}" return
    ct state established,related accept
    icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} ip6 hoplimit 255 accept
{edge_rules}{resolver_rules}    drop
  }}
  chain passing {{
    type filter hook forward priority filter - 5; policy accept;
    oifname "{segments}" drop
    oifname "{child}" ct state established,related accept
    oifname "{child}" drop
    iifname != "{child}" return
    tcp flags syn / syn,rst tcp option maxseg size set rt mtu
    ip daddr {{ {never4} }} drop
    ip6 daddr {{ {never6}, {ula} }} drop
{egress_rules}    drop
  }}
  chain leaving {{
    type nat hook postrouting priority srcnat - 5; policy accept;
    iifname "{child}" oifname != "{child}" masquerade
  }}
}}
)";

// The range that an interface address such as "10.127.0.1/16" lies in.
Result<IpPrefix> range_of(const std::string& text, bool v6) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  const auto length = slash == std::string::npos
                          ? std::nullopt
                          : IpPrefix::parse((v6 ? "::" : "0.0.0.0") + text.substr(slash));
  if (!address || !length || address->is_v6() != v6) {
    return fail(ErrorCode::kInvalid,
                fmt::format("uplink: \"{}\" is not an address with a prefix length", text));
  }
  return IpPrefix(*address, length->length());
}

Result<std::string> resolver_rules(const std::vector<std::string>& resolvers) {
  std::string rules;
  for (const std::string& text : resolvers) {
    const auto address = IpAddress::parse(text);
    if (!address) {
      return fail(ErrorCode::kInvalid, fmt::format("resolver \"{}\" is not an address", text));
    }
    rules += fmt::format("    {} daddr {} meta l4proto {{ {}, {} }} th dport 53 accept\n",
                         address->is_v6() ? "ip6" : "ip", address->str(), kTcpNumber, kUdpNumber);
  }
  return rules;
}

Result<std::string> edge_rules(const EdgeEntrance& edge) {
  std::string rules;
  for (const bool v6 : {false, true}) {
    auto match = match_edge(edge, v6);
    if (!match) return match;
    if (!match->empty()) rules += fmt::format("    {} accept\n", *match);
  }
  return rules;
}

}  // namespace

std::string host_table(std::string_view install_id) {
  return fmt::format("inet croft_{}", install_id);
}

Result<std::string> render_host_ruleset(const HostRulesetInput& input) {
  const std::string& child = input.uplink.child_device;
  std::vector<std::string> names = input.default_interfaces;
  names.push_back(child);
  for (const std::string& name : names) {
    if (valid_interface_name(name)) continue;
    return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is not an interface name", name));
  }
  const auto uplink4 = range_of(input.uplink.node_address4, false);
  if (!uplink4) return fail(uplink4.error());
  const auto uplink6 = range_of(input.uplink.node_address6, true);
  if (!uplink6) return fail(uplink6.error());
  auto resolvers = resolver_rules(input.resolvers);
  if (!resolvers) return fail(std::move(resolvers).error());
  auto edge = edge_rules(input.edge);
  if (!edge) return edge;
  std::string egress;
  for (const std::string& name : input.default_interfaces) {
    egress += fmt::format("    oifname \"{}\" accept\n", name);
  }
  fmt::dynamic_format_arg_store<fmt::format_context> arguments;
  arguments.push_back(fmt::arg("table", host_table(input.install_id)));
  arguments.push_back(fmt::arg("segments", fmt::format("c{}v*", input.install_id)));
  arguments.push_back(fmt::arg("child", child));
  arguments.push_back(fmt::arg("uplink4", uplink4->str()));
  // Instances answer the edge with their own addresses: the whole installation's range.
  arguments.push_back(fmt::arg("ula", IpPrefix(uplink6->address(), 48).str()));
  arguments.push_back(fmt::arg("never4", fmt::format("{}", fmt::join(kNever4, ", "))));
  arguments.push_back(fmt::arg("never6", fmt::format("{}", fmt::join(kNever6, ", "))));
  arguments.push_back(fmt::arg("edge_rules", *edge));
  arguments.push_back(fmt::arg("resolver_rules", *resolvers));
  arguments.push_back(fmt::arg("egress_rules", egress));
  return fmt::vformat(kTable, arguments);
}

}  // namespace croft
