// Networks, volumes and the swarm itself, as the engine port sees them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/spec.h"

namespace croft::engine {

// One address range of a network; CIDR and addresses as text, IPv4 or IPv6.
struct AddressRange {
  std::string subnet;    // "10.64.3.0/24"
  std::string ip_range;  // the part this node hands out; empty: the whole subnet
  std::string gateway;   // outside every ip_range, or the engine may hand it out
  bool operator==(const AddressRange&) const = default;
};

struct NetworkSpec {
  std::string name;
  std::string driver;  // "macvlan" or "bridge"
  Labels labels;
  std::map<std::string, std::string> options;  // macvlan: {"parent", device}
  std::vector<AddressRange> ranges;
  bool enable_ipv6 = false;
  bool config_only = false;  // holds per-node settings for another network's `config_from`
  // Name of a config-only network. A network with one has no ranges, options or IPv6 flag of its
  // own (kInvalid), and its labels are those of the config-only network on the node that is asked.
  std::string config_from;
  bool swarm_scope = false;  // known to all nodes
  bool attachable = false;   // swarm scope only: plain containers may join
  bool internal = false;     // bridge only: no route out
  bool operator==(const NetworkSpec&) const = default;
};

// kInvalid when the parts of `spec` do not go together.
Status validate(const NetworkSpec& spec);

struct NetworkEndpoint {
  std::string container_id;
  std::string ipv4;  // without prefix length; empty when it has none
  std::string ipv6;
  bool operator==(const NetworkEndpoint&) const = default;
};

// The spec of a network with `config_from` holds the ranges of this node while something is
// attached.
struct NetworkInfo {
  std::string id;
  NetworkSpec spec;
  std::vector<NetworkEndpoint> endpoints;  // of containers on this node; filled by inspect only
  Timestamp created;
};

struct VolumeSpec {
  std::string name;
  Labels labels;
  bool operator==(const VolumeSpec&) const = default;
};

struct VolumeInfo {
  VolumeSpec spec;
  std::string mountpoint;  // on the engine's machine
  Timestamp created;
};

// Empty fields match everything. All labels given must match; an empty value matches any value.
struct Filter {
  Labels labels;
  Strings ids;
  Strings names;  // exact
};

struct EngineInfo {
  std::string engine_id;
  std::string name;         // host name
  std::string version;      // of the engine
  std::string api_version;  // the one in use, negotiated
  std::string root_dir;
  std::string storage_driver;
  std::string cgroup_version;  // "1" or "2"
  std::string swarm_node_id;   // empty: not in a swarm
  bool swarm_active = false;
  bool swarm_manager = false;
  std::int64_t cpus = 0;
  std::int64_t memory_bytes = 0;
};

// Settings of the swarm that croft manages.
struct SwarmSettings {
  Millis dispatcher_heartbeat{20'000};
  std::int64_t task_history_limit = 5;
  std::uint64_t snapshot_interval = 10'000;  // raft entries between snapshots
  bool operator==(const SwarmSettings&) const = default;
};

struct SwarmInfo {
  std::string id;
  std::uint64_t version = 0;
  SwarmSettings settings;
};

struct SwarmInit {
  std::string advertise_address;  // IP address, with an optional port
  std::string listen_address;     // "address:port"
  SwarmSettings settings;
};

struct NodeInfo {
  enum class State : std::uint8_t { kUnknown, kReady, kDown, kDisconnected };
  enum class Availability : std::uint8_t { kActive, kPause, kDrain };
  std::string id;
  std::uint64_t version = 0;
  std::string name;  // as the operator set it; usually empty
  std::string hostname;
  std::string address;
  Labels labels;
  State state = State::kUnknown;
  Availability availability = Availability::kActive;
  bool manager = false;
  bool leader = false;
  std::int64_t nano_cpus = 0;
  std::int64_t memory_bytes = 0;
};

// What of a node croft changes.
struct NodeUpdate {
  Labels labels;  // replaces all
  NodeInfo::Availability availability = NodeInfo::Availability::kActive;
};

// A secret or a config; the engine never returns a secret's value.
struct FileInfo {
  std::string id;
  std::string name;
  Labels labels;
  Timestamp created;
};

}  // namespace croft::engine
