// A node's own nftables table: what may pass between the uplink and the machine. Pure text.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/node_state.h"

namespace croft {

struct HostRulesetInput {
  std::string install_id;
  NodeUplink uplink;
  std::vector<std::string> resolvers;  // cores may ask these even when they are this machine
  EdgeEntrance edge;                   // open to instances, as to everybody
  std::vector<std::string> default_interfaces;  // where egress may leave; none: nothing leaves
};

// "inet croft_ab12cd": the only table of the machine that croft touches.
std::string host_table(std::string_view install_id);

// The script that replaces the table. Rules:
// - nothing from or to a segment passes the machine's own stack;
// - from the uplink the machine takes answers, neighbour discovery, requests to its edge and, for
//   resolvers that it is itself, DNS; it starts connections there as it likes (the edge does);
// - packets from the uplink leave by a default route's interface only, with its address;
// - nobody else's packets are forwarded into the uplink, and nobody else may use its addresses.
// kInvalid when a name or address is none.
Result<std::string> render_host_ruleset(const HostRulesetInput& input);

}  // namespace croft
