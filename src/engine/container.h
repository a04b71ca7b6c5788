// Containers, tasks, processes in containers, and what the engine reports about them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/spec.h"
#include "net/byte_stream.h"

namespace croft::engine {

struct ServiceInfo {
  std::string id;
  std::uint64_t version = 0;  // for update_service
  ServiceSpec spec;
  std::string update_state;  // "", "updating", "paused", "completed", "rollback_…"
  std::string update_message;
  Timestamp created;
  Timestamp updated;
};

// In the order in which a task goes through them, as far as it gets.
enum class TaskState : std::uint8_t {
  kNew,
  kPending,
  kAssigned,
  kAccepted,
  kPreparing,
  kReady,
  kStarting,
  kRunning,
  kComplete,
  kShutdown,
  kFailed,
  kRejected,
  kRemove,
  kOrphaned,
};
std::string_view to_string(TaskState state);

// kComplete and later: the task will not run again.
bool is_final(TaskState state);

struct TaskAddresses {
  std::string network_id;
  std::string network_name;
  std::string ipv4;  // without prefix length; empty when it has none
  std::string ipv6;
};

struct TaskInfo {
  std::string id;
  std::string service_id;
  std::string node_id;     // empty until assigned
  std::uint64_t slot = 0;  // 0 in a global service
  Labels labels;           // of the task's container
  TaskState desired = TaskState::kNew;
  TaskState state = TaskState::kNew;
  std::string message;  // of the engine, on the state
  std::string error;    // why it was rejected or failed
  std::string image;
  std::string container_id;      // empty until created
  std::optional<int> exit_code;  // once the container ended
  // Only on networks whose addresses the swarm itself hands out. With config-only networks the
  // nodes do that: ask the container.
  std::vector<TaskAddresses> addresses;
  Timestamp created;
  Timestamp state_since;
};

struct TaskFilter {
  std::string service;  // id or name
  Labels labels;        // of the task's container
  std::string node;     // id
  bool desired_running_only = false;
};

// A container of its own, for builds and one-off commands. Created, not started.
struct ContainerSpec {
  std::string name;
  ContainerSettings settings;
  std::vector<NetworkAttachment> networks;  // at most one when creating
  std::string network_mode;  // "none", "host" or "bridge"; empty with no networks: "none"
  bool stdin_open = false;
  bool restart_always = false;
};

struct ContainerInfo {
  enum class State : std::uint8_t {
    kCreated,
    kRunning,
    kPaused,
    kRestarting,
    kRemoving,
    kExited,
    kDead,
  };
  std::string id;
  std::string name;      // without the leading slash
  std::string image;     // as it was asked for
  std::string image_id;  // what that was at the time
  Labels labels;
  State state = State::kCreated;
  Timestamp created;
  // From inspect only:
  std::int64_t pid = 0;          // on the engine's machine; 0 when it does not run
  std::optional<int> exit_code;  // once it ended
  bool oom_killed = false;
  std::string health;  // "", "starting", "healthy", "unhealthy"
  std::string error;   // why it could not start
  bool tty = false;
  std::int64_t cpu_shares = 0;  // 0: the default
  // Folder on the engine's machine with what it has written beside its volumes; empty where the
  // engine's storage has no such folder.
  std::string written;
  std::vector<std::string> volumes;  // folders on the engine's machine that its volumes are
  std::optional<Timestamp> started;
  std::optional<Timestamp> finished;
  std::vector<TaskAddresses> addresses;
};

// What of a container may change while it runs; nullopt leaves it.
struct ContainerUpdate {
  std::optional<std::int64_t> nano_cpus;
  std::optional<std::int64_t> memory_bytes;
  std::optional<std::int64_t> pids;
  std::optional<std::int64_t> cpu_shares;
};

struct ContainerStats {
  Timestamp read;
  std::uint64_t cpu_ns = 0;         // used since start
  std::uint64_t system_cpu_ns = 0;  // of the whole machine, the same span
  std::uint64_t throttled_ns = 0;
  std::uint64_t memory_bytes = 0;  // without the page cache that can go at once
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t pids = 0;
  std::uint64_t rx_bytes = 0;  // over all networks
  std::uint64_t tx_bytes = 0;
  std::uint64_t block_read_bytes = 0;
  std::uint64_t block_write_bytes = 0;
};

}  // namespace croft::engine
