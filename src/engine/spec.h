// What we ask of the container engine: our own model of services, containers and networks. Adapters
// build the engine's requests from these fields and from nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace croft::engine {

using Labels = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;

struct Mount {
  enum class Kind : std::uint8_t { kVolume, kBind, kTmpfs };
  Kind kind = Kind::kVolume;
  std::string source;  // volume name or host path; empty for tmpfs
  std::string target;  // absolute path in the container
  bool read_only = false;
  std::int64_t tmpfs_bytes = 0;     // tmpfs only; 0 = no limit
  std::uint32_t tmpfs_mode = 0;     // tmpfs only; 0 = 01777
  bool shared_propagation = false;  // bind only: later mounts of the host appear inside (rslave)
  bool operator==(const Mount&) const = default;
};

// A swarm secret or config shown to a container as a file.
struct FileReference {
  std::string id;
  std::string name;
  std::string target;  // absolute path, or a name below /run/secrets (secret) or / (config)
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0400;
  bool operator==(const FileReference&) const = default;
};

struct Dns {
  Strings servers;
  Strings search;
  Strings options;  // such as "ndots:0"
  bool operator==(const Dns&) const = default;
};

struct Ulimit {
  std::string name;  // such as "nofile"
  std::int64_t soft = 0;
  std::int64_t hard = 0;
  bool operator==(const Ulimit&) const = default;
};

// Zero means unlimited, nothing reserved, or the default.
struct Resources {
  std::int64_t nano_cpus = 0;  // 1'000'000'000 = one core
  std::int64_t memory_bytes = 0;
  std::int64_t pids = 0;
  std::int64_t reserved_nano_cpus = 0;     // services only
  std::int64_t reserved_memory_bytes = 0;  // for a container: the soft limit
  // Its part of a CPU that several want: 2-262144, relative to the others', who have 1024 by
  // default. Containers only: a swarm's services cannot say it.
  std::int64_t cpu_shares = 0;
  bool operator==(const Resources&) const = default;
};

struct LogDriver {
  std::string name;  // such as "json-file"; empty: the engine's default
  std::map<std::string, std::string> options;
  bool operator==(const LogDriver&) const = default;
};

// What a process in a container gets, in a service and on its own.
struct ContainerSettings {
  std::string image;  // reference or id
  Strings command;    // replaces the image's entrypoint; empty: the image's
  Strings args;       // replaces the image's command; empty: the image's
  std::map<std::string, std::string> env;
  Labels labels;  // of the container
  std::string user;
  std::string workdir;
  std::string hostname;
  std::vector<Mount> mounts;
  Strings extra_hosts;  // "name:address"
  Dns dns;
  Strings capabilities_add;  // such as "NET_ADMIN"
  Strings capabilities_drop;
  std::map<std::string, std::string> sysctls;
  std::vector<Ulimit> ulimits;
  bool init = false;  // the engine's own init as process 1
  bool tty = false;
  bool read_only_rootfs = false;
  std::string stop_signal;           // such as "SIGTERM"; empty: the image's
  std::optional<Millis> stop_grace;  // nullopt: the engine's 10 s
  bool no_healthcheck = false;       // ignore the health check of the image
  Resources resources;
  LogDriver log;
  bool operator==(const ContainerSettings&) const = default;
};

struct NetworkAttachment {
  std::string network;  // id, or a name when creating
  Strings aliases;
  bool operator==(const NetworkAttachment&) const = default;
};

struct RestartPolicy {
  enum class Condition : std::uint8_t { kNone, kOnFailure, kAny };
  Condition condition = Condition::kAny;
  Millis delay{5000};
  std::uint64_t max_attempts = 0;  // 0 = unlimited
  Millis window{0};                // attempts count within it; 0 = since ever
  bool operator==(const RestartPolicy&) const = default;
};

// How the engine replaces tasks after a change of the spec.
struct UpdateConfig {
  enum class OnFailure : std::uint8_t { kPause, kContinue, kRollback };
  std::uint64_t parallelism = 1;  // 0 = all at once
  Millis delay{0};
  Millis monitor{5000};
  OnFailure on_failure = OnFailure::kPause;  // for a rollback configuration: not kRollback
  bool start_first = false;
  bool operator==(const UpdateConfig&) const = default;
};

// A swarm service. Always endpoint mode dnsrr: virtual addresses need a kernel with IPVS.
struct ServiceSpec {
  std::string name;
  Labels labels;
  ContainerSettings container;
  std::vector<FileReference> secrets;
  std::vector<FileReference> configs;
  std::vector<NetworkAttachment> networks;
  bool host_network = false;              // instead of `networks`
  std::optional<std::uint64_t> replicas;  // nullopt: one task on every node that fits
  RestartPolicy restart;
  Strings constraints;                      // such as "node.labels.croft.zone==a"
  std::uint64_t max_replicas_per_node = 0;  // 0 = no limit
  UpdateConfig update;
  UpdateConfig rollback;
  std::uint64_t force_update = 0;  // changing it replaces all tasks
  bool operator==(const ServiceSpec&) const = default;
};

}  // namespace croft::engine
