// The whole desired state of one node, and what its agent reports. The agent connects out to the
// control plane.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json_codec.h"
#include "model/core_state.h"
#include "model/edge_route.h"
#include "model/http_figures.h"
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
  std::string node_address4;  // with prefix length, "10.127.0.1/16"
  std::string node_address6;
  std::vector<NodeRoute> routes;
};
BOOST_DESCRIBE_STRUCT(NodeUplink, (), (segment, child_device, node_address4, node_address6, routes))

struct NodeDesired {
  std::int64_t generation = 0;
  NodeUplink uplink;
  EdgeEntrance edge;  // on this node; empty where it has no edge
  // What that edge serves. Absent: an older croftd said nothing of it, and what is stays.
  std::optional<std::vector<EdgeRoute>> edge_routes;
  std::vector<NodeSegment> segments;
  std::vector<CoreDesired> cores;
  // What a container of a tenant, or a build, may have written beside its volumes; 0: any amount.
  std::int64_t container_disk_bytes = 0;
  std::int64_t volume_bytes = 0;  // what the volumes of one may hold; 0: any amount
};
BOOST_DESCRIBE_STRUCT(NodeDesired, (),
                      (generation, uplink, edge, edge_routes, segments, cores, container_disk_bytes,
                       volume_bytes))

// A container of croft's on this node, running or stopped. Swarm itself does not know the addresses
// of tasks on a segment (node-local address management), so the node's agent reports them.
struct ObservedContainer {
  std::string id;       // engine's container id
  std::string task_id;  // Swarm task; empty for a container of its own (builds)
  std::string role;     // label croft.role
  ProjectId project_id;
  ServiceId service_id;
  InstanceSetId set_id;
  std::string hostname;  // as the process inside sees it
  bool running = false;
  std::string address4;  // on the project's segment, without prefix length; empty once stopped
  std::string address6;
  std::optional<int> exit_code;  // once it stopped
  bool oom_killed = false;
  bool disk_full = false;    // the agent stopped it: it had written more than container_disk_bytes
  bool volume_full = false;  // the agent froze it: its volumes hold more than volume_bytes
  std::optional<ExitReport> exit_report;  // what croft-init left behind, once it stopped
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
};
BOOST_DESCRIBE_STRUCT(ObservedContainer, (),
                      (id, task_id, role, project_id, service_id, set_id, hostname, running,
                       address4, address6, exit_code, oom_killed, disk_full, volume_full,
                       exit_report, started_at, finished_at))

struct NodeObserved {
  std::string life;                  // of the agent, as it said when it connected: one per start
  std::int64_t sequence = 0;         // of this report within the life; a higher one is newer
  std::int64_t generation = 0;       // applied
  std::int64_t edge_generation = 0;  // whose routes this node's edge serves; 0: none were put yet
  std::string error;
  std::vector<std::string> segments;  // devices that exist and match
  std::vector<CoreObserved> cores;
  std::vector<HttpFigures> http;  // of its edge
  bool containers_known = false;  // false until the agent has listed them once
  std::vector<ObservedContainer> containers;
};
BOOST_DESCRIBE_STRUCT(NodeObserved, (),
                      (life, sequence, generation, edge_generation, error, segments, cores, http,
                       containers_known, containers))

}  // namespace croft
