#include "plan/core_pair.h"

#include <fmt/args.h>
#include <fmt/format.h>

#include "base/ip.h"
#include "plan/ruleset_frame.h"

namespace croft {
namespace {

// One VRRP instance holds all four addresses, so that they cannot be apart. It speaks on the
// uplink, where no tenant is. The standby takes over when it has missed three advertisements: after
// 0.12 to 0.18 s (a high priority makes VRRP's additional wait, its skew, nearly nothing). That is
// before TCP sends again what was lost for the first time, after 0.2 s; the second time would be
// after 0.6 s. A core that comes back does not take the addresses back: every move costs a pause.
constexpr const char* kKeepalived = R"(global_defs {{
  router_id croft_{slot}
  vrrp_version 3
  vrrp_garp_master_delay 1
  vrrp_garp_master_repeat 2
  vrrp_garp_master_refresh 30
  vrrp_garp_master_refresh_repeat 1
}}
vrrp_instance pair {{
  state BACKUP
  nopreempt
  interface {up}
  track_interface {{
    {seg}
  }}
  virtual_router_id 1
  priority {priority}
  advert_int 0.06
  unicast_src_ip {own}
  unicast_peer {{
    {partner}
  }}
  virtual_ipaddress {{
    {gateway4}/32 dev {seg}
    {uplink4}/32 dev {up}
  }}
  virtual_ipaddress_excluded {{
    {gateway6}/128 dev {seg} preferred_lft 0
    {uplink6}/128 dev {up} preferred_lft 0
  }}
}}
)";

// Without an external cache what the partner tells is in the kernel at once: a takeover has nothing
// to commit. What ends in a core itself (DNS, exec-once, health) is not told: it would be of no use
// to the other, who tells all he has when he is asked, and conntrackd destroys an entry that it has
// already before it makes it anew. The first packet of an instance's health after that would be
// one of no connection.
constexpr const char* kConntrackd = R"(Sync {{
  Mode FTFW {{
    DisableExternalCache On
    ResendQueueSize 65536
    ACKWindowSize 300
  }}
  UDP {{
    IPv4_address {own}
    IPv4_Destination_Address {partner}
    Port {port}
    Interface {up}
    SndSocketBuffer 1249280
    RcvSocketBuffer 1249280
    Checksum on
  }}
}}
General {{
  HashSize 8192
  HashLimit 131072
  LockFile {run_dir}/{lock}
  UNIX {{
    Path {run_dir}/{socket}
  }}
  NetlinkBufferSize 1048576
  NetlinkBufferSizeMaxGrowth 8388608
  Filter From Kernelspace {{
    Protocol Accept {{
      TCP
      UDP
    }}
    Address Ignore {{
      IPv4_address 127.0.0.1
      IPv6_address ::1
      IPv4_address {own}
      IPv4_address {partner}
      IPv4_address {gateway4}
      IPv4_address {uplink4}
      IPv6_address {gateway6}
      IPv6_address {uplink6}
{container}    }}
  }}
}}
)";

// The right to say "these addresses are here" is a lease that own advertisements renew in the
// kernel. A core that was frozen has none any more, and as long as it hears its partner advertise
// it gets no new one: its kernel answers no question for the addresses, and what its keepalived
// says when it wakes up is not sent. A partner that is silent for 0.15 s keeps nobody from
// anything: that is earlier than keepalived would take over. The mark stands for "yes": sets hold
// values of packets only. 0 as priority is the partner's farewell.
constexpr const char* kTable = R"(add table {table}
delete table {table}
table {table} {{
  set held {{
    type mark; size 4; flags dynamic,timeout; timeout 250ms;
  }}
  set heard {{
    type mark; size 4; flags dynamic,timeout; timeout 150ms;
  }}
  chain advertises {{
    meta mark set 1
    meta mark @held update @held {{ meta mark }} return
    meta mark @heard drop
    update @held {{ meta mark }}
  }}
  chain claims {{
    meta mark set 1
    meta mark @held return
    meta mark @heard drop
  }}
  chain from_partner {{
    type filter hook ingress device "{up}" priority 0; policy accept;
    ip protocol {vrrp} ip saddr {partner} @th,16,8 0 meta mark set 1 \
      delete @heard {{ meta mark }}
    ip protocol {vrrp} ip saddr {partner} @th,16,8 != 0 meta mark set 1 \
      update @heard {{ meta mark }}
  }}
  chain to_uplink {{
    type filter hook egress device "{up}" priority 0; policy accept;
    ip protocol {vrrp} goto advertises
    arp saddr ip {uplink4} goto claims
    icmpv6 type nd-neighbor-advert ip6 saddr {uplink6} goto claims
  }}
  chain to_segment {{
    type filter hook egress device "{seg}" priority 0; policy accept;
    arp saddr ip {gateway4} goto claims
    icmpv6 type nd-neighbor-advert ip6 saddr {gateway6} goto claims
  }}
}}
)";

Result<std::string> checked(const char* field, const std::string& text, bool v6) {
  const auto address = IpAddress::parse(text);
  if (address && address->is_v6() == v6) return address->str();
  return fail(ErrorCode::kInvalid, fmt::format("core state: {} \"{}\" is not an IPv{} address",
                                               field, text, v6 ? 6 : 4));
}

// One line of conntrackd's filter for each.
Result<std::string> ignored(const std::vector<std::string>& addresses) {
  std::string lines;
  for (const std::string& text : addresses) {
    const bool v6 = text.find(':') != std::string::npos;
    auto address = checked("own address", text, v6);
    if (!address) return address;
    lines += fmt::format("      IPv{}_address {}\n", v6 ? 6 : 4, *address);
  }
  return lines;
}

}  // namespace

Result<PairAddresses> pair_addresses(const CoreDesired& desired, std::string_view slot) {
  const bool first = slot == kCoreSlots[0];
  if (!first && slot != kCoreSlots[1]) {
    return fail(ErrorCode::kInvalid,
                fmt::format("core: there is no slot \"{}\"; it is a or b", slot));
  }
  if (desired.pair4.size() != 2) {
    return fail(ErrorCode::kInvalid,
                "core state: it names no pair of cores; it is of an older croft-node, and a newer "
                "one replaces it when it starts");
  }
  auto own = checked("pair4", desired.pair4[first ? 0 : 1], false);
  if (!own) return fail(std::move(own).error());
  auto partner = checked("pair4", desired.pair4[first ? 1 : 0], false);
  if (!partner) return fail(std::move(partner).error());
  return PairAddresses{std::move(*own), std::move(*partner)};
}

Result<PairConfig> render_pair(const CoreDesired& desired, const CoreInterfaces& interfaces,
                               std::string_view slot, std::string_view run_dir) {
  auto addresses = pair_addresses(desired, slot);
  if (!addresses) return fail(std::move(addresses).error());
  if (!valid_interface_name(interfaces.segment) || !valid_interface_name(interfaces.uplink)) {
    return fail(ErrorCode::kInvalid, fmt::format("core: \"{}\" or \"{}\" is not an interface name",
                                                 interfaces.segment, interfaces.uplink));
  }
  fmt::dynamic_format_arg_store<fmt::format_context> values;
  const auto add = [&](const char* name, const char* field, const std::string& text,
                       bool v6) -> Status {
    auto address = checked(field, text, v6);
    if (!address) return fail(std::move(address).error());
    values.push_back(fmt::arg(name, *address));
    return {};
  };
  CROFT_TRY(add("gateway4", "gateway4", desired.gateway4, false));
  CROFT_TRY(add("gateway6", "gateway6", desired.gateway6, true));
  CROFT_TRY(add("uplink4", "uplink_address4", desired.uplink_address4, false));
  CROFT_TRY(add("uplink6", "uplink_address6", desired.uplink_address6, true));
  values.push_back(fmt::arg("own", addresses->own));
  values.push_back(fmt::arg("partner", addresses->partner));
  values.push_back(fmt::arg("seg", interfaces.segment));
  values.push_back(fmt::arg("up", interfaces.uplink));
  values.push_back(fmt::arg("slot", slot));
  values.push_back(fmt::arg("run_dir", run_dir));
  auto container = ignored(interfaces.own);
  if (!container) return fail(std::move(container).error());
  values.push_back(fmt::arg("container", *container));
  // Decides only when both begin at the same instant.
  values.push_back(fmt::arg("priority", slot == kCoreSlots[0] ? 254 : 253));
  values.push_back(fmt::arg("port", kPairSyncPort));
  values.push_back(fmt::arg("lock", kConntrackdLock));
  values.push_back(fmt::arg("socket", kConntrackdSocket));
  values.push_back(fmt::arg("table", kPairTable));
  values.push_back(fmt::arg("vrrp", kVrrpNumber));
  return PairConfig{.keepalived = fmt::vformat(kKeepalived, values),
                    .conntrackd = fmt::vformat(kConntrackd, values),
                    .table = fmt::vformat(kTable, values)};
}

}  // namespace croft
