// The whole desired state of one node, and what its agent reports. The agent connects out to the
// control plane.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_codec.h"
#include "model/core_state.h"
#include "model/ids.h"

namespace croft {

// One VXLAN segment on this node. `device` is its interface name, at most 15 characters.
struct NodeSegment {
  std::string device;
  int vni = 0;                     // 1..2^24-1
  std::string local_address;       // of this node
  std::vector<std::string> peers;  // other nodes' addresses
  int mtu = 1450;
};
BOOST_DESCRIBE_STRUCT(NodeSegment, (), (device, vni, local_address, peers, mtu))

struct NodeRoute {
  std::string destination;  // "fd..:2::/63"
  std::string via;          // the core's floating uplink address
};
BOOST_DESCRIBE_STRUCT(NodeRoute, (), (destination, via))

struct NodeUplink {
  NodeSegment segment;
  std::string child_device;   // macvlan child the node itself uses
  std::string node_address4;  // with prefix length, "10.64.0.1/20"
  std::string node_address6;
  std::vector<NodeRoute> routes;
};
BOOST_DESCRIBE_STRUCT(NodeUplink, (), (segment, child_device, node_address4, node_address6, routes))

struct NodeDesired {
  std::int64_t generation = 0;
  NodeUplink uplink;
  std::vector<NodeSegment> segments;
  std::vector<CoreDesired> cores;
};
BOOST_DESCRIBE_STRUCT(NodeDesired, (), (generation, uplink, segments, cores))

struct NodeObserved {
  std::int64_t generation = 0;  // applied
  std::string error;
  std::vector<std::string> segments;  // devices that exist and match
  std::vector<CoreObserved> cores;
};
BOOST_DESCRIBE_STRUCT(NodeObserved, (), (generation, error, segments, cores))

}  // namespace croft
