// What croft-core is told (CoreDesired, a file the agent replaces atomically) and what it reports
// (CoreObserved).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_codec.h"
#include "model/ids.h"
#include "model/init_config.h"
#include "model/service.h"

namespace croft {

// In the core container: the bind-mounted directory of this project on this node.
inline constexpr const char* kCoreStateDir = "/croft/state";
inline constexpr const char* kCoreDesiredFile = "desired.json";
// croft-core listens on <dir>/core-<container hostname>.sock: HTTP, GET /v1/observed and
// GET /v1/watch (one CoreObserved per line, at every change and every 2 s).

// A project has two cores, alike but for this letter (and where they run). One holds the project's
// addresses, the other has all it needs to take them over.
inline constexpr const char* kCoreSlots[] = {"a", "b"};

// What the core does with one instance.
BOOST_DEFINE_ENUM_CLASS(
    InstanceDuty,
    kHold,   // watch its health, give it no traffic (a deployment before the switch)
    kServe,  // in the sets and in DNS while its health says ready
    kDrain)  // no new connections; established ones go on

struct CoreInstance {
  std::string id;  // Swarm task id
  InstanceSetId set_id;
  std::string address4;  // on the segment
  std::string address6;
  InstanceDuty duty = InstanceDuty::kHold;
};
BOOST_DESCRIBE_STRUCT(CoreInstance, (), (id, set_id, address4, address6, duty))

struct CoreService {
  ServiceId id;
  std::string hostname;
  std::string address4;  // service address, off-link, DNATed to ready instances
  std::string address6;
  std::vector<Port> ports;
  std::vector<CoreInstance> instances;
};
BOOST_DESCRIBE_STRUCT(CoreService, (), (id, hostname, address4, address6, ports, instances))

// Where the edge takes requests from everybody: what instances may reach of the machines.
struct EdgeEntrance {
  std::vector<std::string> addresses4;  // of the machines, without prefix length
  std::vector<std::string> addresses6;
  std::vector<int> tcp_ports;
  std::vector<int> udp_ports;  // HTTP/3
};
BOOST_DESCRIBE_STRUCT(EdgeEntrance, (), (addresses4, addresses6, tcp_ports, udp_ports))

struct CoreDesired {
  std::int64_t generation = 0;  // a lower one than the applied is ignored
  ProjectId project_id;
  std::string project_name;
  // Segment: the core holds the gateway addresses while it is active.
  std::string segment4;        // "10.64.16.0/20"
  std::string gateway4;        // "10.64.16.1"
  std::string segment6;        // "fd..:2::/64"
  std::string gateway6;        // "fd..:2::1"
  std::string service_range4;  // "100.64.0.0/16"
  std::string service_range6;  // "fd..:3::/64"
  // Uplink: the core holds these while it is active.
  std::string uplink4;          // "10.127.0.0/16"
  std::string uplink_address4;  // "10.127.8.1"
  std::string uplink6;          // "fd..:0::/64"
  std::string uplink_address6;  // "fd..:0::2:1"
  std::string uplink_node4;     // next hop to the outside, "10.127.0.1"
  std::string uplink_node6;
  // On the uplink, what the cores of slot a and b are called among each other; in this order.
  std::vector<std::string> pair4;
  std::string edge_range4;  // the nodes on the uplink: only from there may instances be reached
  std::string edge_range6;
  std::vector<std::string> resolvers;  // for names outside the project; the host's
  // Destinations no tenant packet may reach: host addresses, every segment and uplink range,
  // link-local…
  std::vector<std::string> denied4;
  std::vector<std::string> denied6;
  // Exceptions from denied4/6: the host's own resolvers, UDP and TCP port 53, from the core itself
  // only; and the edge, for everybody.
  EdgeEntrance edge;
  std::vector<CoreService> services;
};
BOOST_DESCRIBE_STRUCT(CoreDesired, (),
                      (generation, project_id, project_name, segment4, gateway4, segment6, gateway6,
                       service_range4, service_range6, uplink4, uplink_address4, uplink6,
                       uplink_address6, uplink_node4, uplink_node6, pair4, edge_range4, edge_range6,
                       resolvers, denied4, denied6, edge, services))

struct ObservedInstance {
  std::string id;                                 // as in CoreInstance
  InstanceState state = InstanceState::kUnknown;  // kUnknown: health channel not connected
  std::string detail;
  bool in_rotation = false;  // in the applied ruleset and in DNS
};
BOOST_DESCRIBE_STRUCT(ObservedInstance, (), (id, state, detail, in_rotation))

// kFault: it cannot take the addresses, or not with what it must know; `reason` says why.
BOOST_DEFINE_ENUM_CLASS(CoreRole, kFault, kStandby, kActive)

struct CoreObserved {
  ProjectId project_id;
  std::string slot;      // kCoreSlots; empty: of an older croft, which had one core per project
  std::string revision;  // what its container was told: the image it is of
  std::int64_t generation = 0;  // applied
  bool active = false;          // it holds the addresses
  CoreRole role = CoreRole::kFault;
  std::string reason;                // of kFault; of the others what is abnormal, if anything
  std::int64_t active_since_ms = 0;  // wall clock; of two that say they are active, the later is
  std::string error;                 // empty: desired state is applied
  std::vector<ObservedInstance> instances;
  // Packets of instances that its rules refused, since the rules were made: to where no instance
  // may go, and with an address that is not theirs. Counted from time to time.
  std::int64_t refused_packets = 0;
  std::int64_t spoofed_packets = 0;
  // Connections that it follows, through it and to it; counted from time to time.
  std::int64_t connections = 0;
  // Changes of its rules since croft-core started, and how long all of them took together.
  std::int64_t rule_changes = 0;
  std::int64_t rule_changes_ms = 0;
};
BOOST_DESCRIBE_STRUCT(CoreObserved, (),
                      (project_id, slot, revision, generation, active, role, reason,
                       active_since_ms, error, instances, refused_packets, spoofed_packets,
                       connections, rule_changes, rule_changes_ms))

}  // namespace croft
