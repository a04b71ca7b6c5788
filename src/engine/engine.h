// The Engine port: what croft uses of a container engine in swarm mode.
//
// Every call ends within `limit` (kTimeout). Errors: kNotFound, kConflict (the name is taken, the
// version is stale, the object is in use), kInvalid (the engine refuses the request), kUnavailable
// (no engine answers), kExhausted (out of disk or memory), kFailed (anything else the engine says).
// Cancelling the calling task ends a call; whether the engine did it is then unknown.
// References passed to a call must outlive it. An `id` argument also takes a name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "engine/container.h"
#include "engine/image.h"
#include "engine/network_spec.h"
#include "engine/spec.h"
#include "engine/streams.h"
#include "net/byte_stream.h"
#include "task/task.h"

namespace croft::engine {

template <class T>
using Answer = Task<Result<T>>;

class SwarmEngine {
 public:
  virtual ~SwarmEngine() = default;
  // kUnsupported when the engine is older than API 1.41.
  virtual Answer<EngineInfo> info(Millis limit) = 0;
  // The node's id. kConflict when the engine is in a swarm already.
  virtual Answer<std::string> init_swarm(const SwarmInit& init, Millis limit) = 0;
  // kConflict when the engine is in no swarm, or is not a manager.
  virtual Answer<SwarmInfo> inspect_swarm(Millis limit) = 0;
  virtual Answer<void> update_swarm(std::uint64_t version, const SwarmSettings& settings,
                                    Millis limit) = 0;
  virtual Answer<std::vector<NodeInfo>> list_nodes(Millis limit) = 0;
  virtual Answer<NodeInfo> inspect_node(std::string id, Millis limit) = 0;
  virtual Answer<void> update_node(std::string id, std::uint64_t version, const NodeUpdate& update,
                                   Millis limit) = 0;

  virtual Answer<std::string> create_service(const ServiceSpec& spec, Millis limit) = 0;
  virtual Answer<ServiceInfo> inspect_service(std::string id, Millis limit) = 0;
  virtual Answer<std::vector<ServiceInfo>> list_services(const Filter& filter, Millis limit) = 0;
  // Replaces the whole spec; `version` as last read.
  virtual Answer<void> update_service(std::string id, std::uint64_t version,
                                      const ServiceSpec& spec, Millis limit) = 0;
  virtual Answer<void> remove_service(std::string id, Millis limit) = 0;
  virtual Answer<std::vector<TaskInfo>> list_tasks(const TaskFilter& filter, Millis limit) = 0;

  // Values up to 500 KiB. Returns the id.
  virtual Answer<std::string> create_secret(std::string name, const Labels& labels,
                                            const Secret& value, Millis limit) = 0;
  virtual Answer<std::vector<FileInfo>> list_secrets(const Filter& filter, Millis limit) = 0;
  virtual Answer<void> remove_secret(std::string id, Millis limit) = 0;
  virtual Answer<std::string> create_config(std::string name, const Labels& labels,
                                            const std::string& value, Millis limit) = 0;
  virtual Answer<std::vector<FileInfo>> list_configs(const Filter& filter, Millis limit) = 0;
  virtual Answer<void> remove_config(std::string id, Millis limit) = 0;
};

class ContainerEngine {
 public:
  virtual ~ContainerEngine() = default;
  virtual Answer<std::string> create_container(const ContainerSpec& spec, Millis limit) = 0;
  // Starting a running container and stopping a stopped one succeed.
  virtual Answer<void> start_container(std::string id, Millis limit) = 0;
  // The stop signal, then SIGKILL after `grace` (whole seconds); `limit` must be longer.
  virtual Answer<void> stop_container(std::string id, Millis grace, Millis limit) = 0;
  // kConflict when it does not run. `signal` such as 15.
  virtual Answer<void> kill_container(std::string id, int signal, Millis limit) = 0;
  // Its processes stand still, or go on; stopping a paused one works. kConflict: it does not run.
  virtual Answer<void> set_paused(std::string id, bool paused, Millis limit) = 0;
  // Waits until it does not run; the exit code.
  virtual Answer<int> wait_container(std::string id, Millis limit) = 0;
  // `force` kills it first; otherwise kConflict while it runs. Anonymous volumes go with it.
  virtual Answer<void> remove_container(std::string id, bool force, Millis limit) = 0;
  virtual Answer<ContainerInfo> inspect_container(std::string id, Millis limit) = 0;
  virtual Answer<std::vector<ContainerInfo>> list_containers(const Filter& filter, bool all,
                                                             Millis limit) = 0;
  virtual Answer<void> update_container(std::string id, const ContainerUpdate& update,
                                        Millis limit) = 0;
  virtual Answer<ContainerStats> container_stats(std::string id, Millis limit) = 0;
  // A tar stream unpacked at directory `path`, and one of `path` itself.
  virtual Answer<void> put_archive(std::string id, std::string path, ByteSource& tar,
                                   Millis limit) = 0;
  virtual Answer<std::unique_ptr<ByteSource>> get_archive(std::string id, std::string path,
                                                          Millis limit) = 0;
  // `limit` is for opening; the stream itself has none.
  virtual Answer<std::unique_ptr<LogStream>> container_logs(std::string id, LogOptions options,
                                                            Millis limit) = 0;
  virtual Answer<std::unique_ptr<ExecSession>> exec(std::string id, const ExecSpec& spec,
                                                    Millis limit) = 0;
};

class ImageEngine {
 public:
  virtual ~ImageEngine() = default;
  virtual Answer<std::vector<ImageInfo>> list_images(const ImageFilter& filter, Millis limit) = 0;
  virtual Answer<ImageInfo> inspect_image(std::string reference, Millis limit) = 0;
  // A root file system as tar, made an image named `tag`. Returns the image's id. kUnsupported when
  // `config` has a stop signal, kInvalid for a value with a line end: commit_container takes both.
  virtual Answer<std::string> import_image(std::string tag, ByteSource& tar,
                                           const ImageConfig& config, Millis limit) = 0;
  // `context` is a tar of the build context; lines of progress go to `progress` while it runs.
  virtual Answer<std::string> build_image(const ImageBuild& build, ByteSource& context,
                                          const ProgressLine& progress, Millis limit) = 0;
  // The container's file system as a new layer. What `config` leaves empty is as in the container,
  // whose environment and labels also stay beside those of `config`: create it without secrets.
  virtual Answer<std::string> commit_container(std::string id, std::string tag,
                                               const ImageConfig& config, Millis limit) = 0;
  virtual Answer<void> tag_image(std::string reference, std::string tag, Millis limit) = 0;
  // kConflict while a container uses it, unless `force` (then only the tag goes).
  virtual Answer<void> remove_image(std::string reference, bool force, Millis limit) = 0;
  virtual Answer<std::unique_ptr<ByteSource>> save_image(std::string reference, Millis limit) = 0;
  virtual Answer<void> load_image(ByteSource& tar, Millis limit) = 0;
};

class NetworkEngine {
 public:
  virtual ~NetworkEngine() = default;
  virtual Answer<std::string> create_network(const NetworkSpec& spec, Millis limit) = 0;
  virtual Answer<NetworkInfo> inspect_network(std::string id, Millis limit) = 0;
  virtual Answer<std::vector<NetworkInfo>> list_networks(const Filter& filter, Millis limit) = 0;
  // kConflict while something is attached.
  virtual Answer<void> remove_network(std::string id, Millis limit) = 0;
  // Creating a volume that exists returns it as it is.
  virtual Answer<VolumeInfo> create_volume(const VolumeSpec& spec, Millis limit) = 0;
  virtual Answer<VolumeInfo> inspect_volume(std::string name, Millis limit) = 0;
  virtual Answer<std::vector<VolumeInfo>> list_volumes(const Filter& filter, Millis limit) = 0;
  virtual Answer<void> remove_volume(std::string name, Millis limit) = 0;
};

// Everything, with the event stream. Callers that need one role take that role.
class Engine : public SwarmEngine,
               public ContainerEngine,
               public ImageEngine,
               public NetworkEngine {
 public:
  // Events after `since_ns` (nanoseconds since 1970, from Event::time_ns); nullopt: from now on.
  virtual Answer<std::unique_ptr<EventStream>> events(std::optional<std::int64_t> since_ns,
                                                      Millis limit) = 0;
};

}  // namespace croft::engine
