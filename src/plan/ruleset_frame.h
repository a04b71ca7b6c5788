// The part of the core's table that does not depend on services: anti-spoofing, default-deny,
// address translation. See ruleset.h.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "model/core_state.h"
#include "plan/ruleset.h"

namespace croft {

// Protocols are written as numbers: nft looks names up in /etc/protocols, which a small image
// lacks.
inline constexpr int kTcpNumber = 6;
inline constexpr int kUdpNumber = 17;
inline constexpr int kIcmpv6Number = 58;

// Counters in the table, of packets from instances: to where they may not go, and with an address
// that is not theirs or claims that only a router makes. They begin at 0 with a full replacement.
inline constexpr const char* kRefusedCounter = "refused";
inline constexpr const char* kSpoofedCounter = "spoofed";

// Never a tenant's business, wherever croft runs: this host, link-local (cloud metadata),
// multicast, reserved, the ranges by which IPv6 reaches IPv4 around the IPv4 rules, and the
// metadata service that Amazon has within fd00::/8.
inline constexpr const char* kNever4[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16",
                                          "224.0.0.0/3"};
inline constexpr const char* kNever6[] = {
    "::/96",     "::ffff:0:0/96", "64:ff9b::/96",     "fe80::/10",
    "fec0::/10", "ff00::/8",      "fd00:ec2::254/128"};

// The part of a rule that matches the edge, such as
// "ip daddr { 192.0.2.2 } meta l4proto . th dport { 6 . 80, 6 . 443, 17 . 443 }"; empty when there
// is nothing to match. Addresses within kNever are left out. kInvalid when an address is none of
// its family, or a port is not 1..65535.
Result<std::string> match_edge(const EdgeEntrance& edge, bool v6);

// The text between the braces of the table. kInvalid names the field that is no address.
Result<std::string> render_frame(const CoreDesired& desired, const CoreInterfaces& interfaces);

// The same addresses without ranges that lie within others: what an interval set takes.
std::vector<IpPrefix> without_nested(std::vector<IpPrefix> ranges);

// 1..15 characters of [A-Za-z0-9_.-]: safe in a script and on a command line (not starting '-').
bool valid_interface_name(std::string_view name);

}  // namespace croft
