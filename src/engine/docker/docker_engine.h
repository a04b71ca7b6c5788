// The Engine port over the socket of a Docker Engine.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "engine/docker/api.h"
#include "engine/engine.h"

namespace croft::engine {

// Used from one thread; many calls may be under way at a time. The runtime must outlive it, and it
// must outlive the streams that it opened.
class DockerEngine final : public Engine {
 public:
  // `socket_path` such as /var/run/docker.sock; nothing happens before the first call.
  DockerEngine(Runtime& runtime, std::string socket_path) : api_(runtime, std::move(socket_path)) {}

  Answer<EngineInfo> info(Millis limit) override;
  Answer<std::string> init_swarm(const SwarmInit& init, Millis limit) override;
  Answer<SwarmInfo> inspect_swarm(Millis limit) override;
  Answer<void> update_swarm(std::uint64_t version, const SwarmSettings& settings,
                            Millis limit) override;
  Answer<std::vector<NodeInfo>> list_nodes(Millis limit) override;
  Answer<NodeInfo> inspect_node(std::string id, Millis limit) override;
  Answer<void> update_node(std::string id, std::uint64_t version, const NodeUpdate& update,
                           Millis limit) override;
  Answer<std::string> create_service(const ServiceSpec& spec, Millis limit) override;
  Answer<ServiceInfo> inspect_service(std::string id, Millis limit) override;
  Answer<std::vector<ServiceInfo>> list_services(const Filter& filter, Millis limit) override;
  Answer<void> update_service(std::string id, std::uint64_t version, const ServiceSpec& spec,
                              Millis limit) override;
  Answer<void> remove_service(std::string id, Millis limit) override;
  Answer<std::vector<TaskInfo>> list_tasks(const TaskFilter& filter, Millis limit) override;
  Answer<std::string> create_secret(std::string name, const Labels& labels, const Secret& value,
                                    Millis limit) override;
  Answer<std::vector<FileInfo>> list_secrets(const Filter& filter, Millis limit) override;
  Answer<void> remove_secret(std::string id, Millis limit) override;
  Answer<std::string> create_config(std::string name, const Labels& labels,
                                    const std::string& value, Millis limit) override;
  Answer<std::vector<FileInfo>> list_configs(const Filter& filter, Millis limit) override;
  Answer<void> remove_config(std::string id, Millis limit) override;

  Answer<std::string> create_container(const ContainerSpec& spec, Millis limit) override;
  Answer<void> start_container(std::string id, Millis limit) override;
  Answer<void> stop_container(std::string id, Millis grace, Millis limit) override;
  Answer<void> kill_container(std::string id, int signal, Millis limit) override;
  Answer<void> set_paused(std::string id, bool paused, Millis limit) override;
  Answer<int> wait_container(std::string id, Millis limit) override;
  Answer<void> remove_container(std::string id, bool force, Millis limit) override;
  Answer<ContainerInfo> inspect_container(std::string id, Millis limit) override;
  Answer<std::vector<ContainerInfo>> list_containers(const Filter& filter, bool all,
                                                     Millis limit) override;
  Answer<void> update_container(std::string id, const ContainerUpdate& update,
                                Millis limit) override;
  Answer<ContainerStats> container_stats(std::string id, Millis limit) override;
  Answer<void> put_archive(std::string id, std::string path, ByteSource& tar,
                           Millis limit) override;
  Answer<std::unique_ptr<ByteSource>> get_archive(std::string id, std::string path,
                                                  Millis limit) override;
  Answer<std::unique_ptr<LogStream>> container_logs(std::string id, LogOptions options,
                                                    Millis limit) override;
  Answer<std::unique_ptr<ExecSession>> exec(std::string id, const ExecSpec& spec,
                                            Millis limit) override;

  Answer<std::vector<ImageInfo>> list_images(const ImageFilter& filter, Millis limit) override;
  Answer<ImageInfo> inspect_image(std::string reference, Millis limit) override;
  Answer<std::string> import_image(std::string tag, ByteSource& tar, const ImageConfig& config,
                                   Millis limit) override;
  Answer<std::string> build_image(const ImageBuild& build, ByteSource& context,
                                  const ProgressLine& progress, Millis limit) override;
  Answer<std::string> commit_container(std::string id, std::string tag, const ImageConfig& config,
                                       Millis limit) override;
  Answer<void> tag_image(std::string reference, std::string tag, Millis limit) override;
  Answer<void> remove_image(std::string reference, bool force, Millis limit) override;
  Answer<std::unique_ptr<ByteSource>> save_image(std::string reference, Millis limit) override;
  Answer<void> load_image(ByteSource& tar, Millis limit) override;

  Answer<std::string> create_network(const NetworkSpec& spec, Millis limit) override;
  Answer<NetworkInfo> inspect_network(std::string id, Millis limit) override;
  Answer<std::vector<NetworkInfo>> list_networks(const Filter& filter, Millis limit) override;
  Answer<void> remove_network(std::string id, Millis limit) override;
  Answer<VolumeInfo> create_volume(const VolumeSpec& spec, Millis limit) override;
  Answer<VolumeInfo> inspect_volume(std::string name, Millis limit) override;
  Answer<std::vector<VolumeInfo>> list_volumes(const Filter& filter, Millis limit) override;
  Answer<void> remove_volume(std::string name, Millis limit) override;

  Answer<std::unique_ptr<EventStream>> events(std::optional<std::int64_t> since_ns,
                                              Millis limit) override;

 private:
  Answer<std::string> create_file(std::string kind, std::string name, const Labels& labels,
                                  const std::string& value, Millis limit);
  Answer<std::vector<FileInfo>> list_files(std::string kind, const Filter& filter, Millis limit);
  // Turns an attachment to the swarm's host network, which services name by id, into the flag.
  Answer<void> mark_host_network(ServiceSpec& spec, const Deadline& deadline);

  DockerApi api_;
  std::string host_network_id_;         // of the swarm, once seen
  std::set<std::string> own_networks_;  // ids that were looked at and are not the host network
};

}  // namespace croft::engine
