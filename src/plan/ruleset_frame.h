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

// The text between the braces of the table. kInvalid names the field that is no address.
Result<std::string> render_frame(const CoreDesired& desired, const CoreInterfaces& interfaces);

// The same addresses without ranges that lie within others: what an interval set takes.
std::vector<IpPrefix> without_nested(std::vector<IpPrefix> ranges);

// 1..15 characters of [A-Za-z0-9_.-]: safe in a script and on a command line (not starting '-').
bool valid_interface_name(std::string_view name);

}  // namespace croft
