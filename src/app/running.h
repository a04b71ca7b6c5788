// What use cases and routes ask of the running platform, beyond the store: instances, their
// processes, uploads, health of the parts. Implemented by the daemon.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/streams.h"
#include "logs/log_store.h"
#include "model/core_state.h"
#include "model/version.h"
#include "net/byte_stream.h"

namespace croft {

struct LiveInstance {
  std::string id;            // Swarm task
  std::string container_id;  // empty: not created yet
  std::string name;          // what its process calls itself
  std::string node;          // name
  std::string address4;
  std::string address6;
  bool running = false;
  InstanceState state = InstanceState::kUnknown;
  std::string detail;
  bool in_rotation = false;
  std::optional<Timestamp> started_at;
};

struct ComponentStatus {
  std::string name;    // engine, edge, node NAME, core PROJECT
  std::string status;  // ok, degraded, down, unknown
  std::string detail;
  std::string fix;  // what to do; empty when ok
};
BOOST_DESCRIBE_STRUCT(ComponentStatus, (), (name, status, detail, fix))

struct DoctorCheck {
  std::string name;
  std::string status;  // pass, warn, fail
  std::string message;
  std::string fix;  // never empty unless it passes
};
BOOST_DESCRIBE_STRUCT(DoctorCheck, (), (name, status, message, fix))

// Something without which no project can run.
struct ReadyCheck {
  std::string name;  // store, engine, node, core_image, edge_image, networks, edge
  bool ok = false;
  std::string detail;  // what is missing or being done; empty when ok
};
BOOST_DESCRIBE_STRUCT(ReadyCheck, (), (name, ok, detail))

class RunningPlatform {
 public:
  virtual ~RunningPlatform() = default;
  virtual std::vector<LiveInstance> instances(const InstanceSetId& set) = 0;
  // A process inside a container, with the service's own user and environment.
  virtual Task<Result<std::unique_ptr<engine::ExecSession>>> exec(std::string container,
                                                                  std::vector<std::string> command,
                                                                  bool tty, std::uint16_t rows,
                                                                  std::uint16_t columns) = 0;
  // Whether something new may be created now. kUnavailable: the engine does not answer;
  // kExhausted: too little disk is free.
  virtual Task<Status> begin_work() = 0;
  // Takes the source archive of a version, whole or not at all; its size.
  virtual Task<Result<std::uint64_t>> receive_source(const Version& version, ByteSource& body) = 0;
  virtual LogStore& logs() = 0;
  virtual Task<std::vector<ComponentStatus>> components() = 0;
  virtual Task<std::vector<DoctorCheck>> doctor() = 0;
  // Everybody may ask: nothing in it is a secret.
  virtual Task<std::vector<ReadyCheck>> readiness() = 0;
  // Tags of service type images that the engine holds, by canonical type.
  virtual Task<Result<std::vector<std::string>>> ready_types() = 0;
  virtual Timestamp started_at() const = 0;
};

}  // namespace croft
