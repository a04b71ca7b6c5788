// A service: 1..n identical containers of one service type under a hostname unique in the project.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_codec.h"
#include "model/ids.h"
#include "model/project.h"

namespace croft {

BOOST_DEFINE_ENUM_CLASS(ServiceCategory, kRuntime, kDatabase, kBroker, kStatic, kStorage, kInternal)
BOOST_DEFINE_ENUM_CLASS(ServiceStatus, kReadyToDeploy, kCreating, kActive, kStarting, kStopping,
                        kStopped, kRestarting, kDeploying, kScaling, kFailed, kDeleting)
BOOST_DEFINE_ENUM_CLASS(PortProtocol, kTcp, kUdp)

struct Port {
  std::uint16_t port = 0;  // 1..65435; those above are croft's own
  PortProtocol protocol = PortProtocol::kTcp;
  bool http = false;  // speaks HTTP: the edge may route to it
  std::string description;
  bool operator==(const Port&) const = default;
};
BOOST_DESCRIBE_STRUCT(Port, (), (port, protocol, http, description))

inline constexpr std::size_t kMaxHostname = 25;
inline constexpr int kMaxContainers = 10;

struct Service {
  ServiceId id;
  ProjectId project_id;
  std::string hostname;  // immutable; see valid_hostname
  std::string type;      // canonical catalog name, such as nodejs@22
  ServiceCategory category = ServiceCategory::kRuntime;
  ServiceStatus status = ServiceStatus::kReadyToDeploy;
  int index = 0;  // 1..65534, unique in the project: its place in the service address range
  int min_containers = 1;
  int max_containers = 1;
  int containers = 1;  // desired now, within [min, max]
  bool subdomain_enabled = false;
  EnvIsolation env_isolation = EnvIsolation::kService;
  std::vector<Port> ports;  // of the active version, or of the catalog for managed services
  VersionId active_version_id;
  std::int64_t generation = 1;
  Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Service, (),
                      (id, project_id, hostname, type, category, status, index, min_containers,
                       max_containers, containers, subdomain_enabled, env_isolation, ports,
                       active_version_id, generation, created_at))

// [a-z0-9], starting with a letter, 1..25 characters (Zerops: zerops-30loops.md A1).
bool valid_hostname(std::string_view hostname);

// The database, cache or broker whose data lives in a volume: one container, never two at once.
inline bool is_managed(ServiceCategory c) {
  return c == ServiceCategory::kDatabase || c == ServiceCategory::kBroker;
}

}  // namespace croft
