// Which IPv4 ranges a new installation takes, so that several get along on one machine. Pure.
// Chosen once and kept: containers and routes have them.
#pragma once

#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace croft {

struct AddressChoice {
  IpPrefix pool;    // /10: the segments of projects
  IpPrefix uplink;  // /16: where cores, the edge and the node meet
  bool operator==(const AddressChoice&) const = default;
};

// IPv4 ranges in use already, each as wide as it is used.
struct TakenRanges {
  std::vector<IpPrefix> host;    // addresses and routes of the machine, its resolvers
  std::vector<IpPrefix> engine;  // networks of the engine, pools of other installations on it
};

// The pool is one of the upper three /10 of 10.0.0.0/8: an engine refuses networks that overlap, so
// it takes as many installations. The machine itself has no route to segments: ranges of the host
// in a pool are only what projects cannot reach, and the fewest are taken.
// The uplink is a /16 of the lowest /10, 10.2 to 10.63 (10.0 and 10.1 are what most sites have).
// The machine has an address there, so nothing of the host may lie in it; a route that is wider is
// no hindrance, because ours is more specific. Both begin at a place that `install_id` decides:
// installations that cannot see each other, because one is stopped, rarely choose the same.
// kExhausted: nothing is left.
Result<AddressChoice> choose_addresses(std::string_view install_id, const TakenRanges& taken);

}  // namespace croft
