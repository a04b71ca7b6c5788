// The Engine port over a FakeCluster: the engine of one of its nodes.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "engine/fake/cluster.h"

namespace croft::engine {

// Calls that wait (stop, wait, streams) end when the cluster's time is turned far enough. `cluster`
// must outlive it and its streams.
class FakeEngine final : public Engine {
 public:
  // `node_id` as the cluster gave it; empty: its first node. `client` is told to the fault hook.
  explicit FakeEngine(FakeCluster& cluster, std::string node_id = {}, std::string client = {})
      : cluster_(cluster),
        node_id_(node_id.empty() ? cluster.first_node_id : std::move(node_id)),
        client_(std::move(client)) {}

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
  FakeNode& here() { return cluster_.node(node_id_); }
  // The container of this node with that id or name, or kNotFound with `what` in front.
  Result<FakeContainer*> container(const std::string& id, const std::string& what);
  Result<FakeService*> service(const std::string& id, const std::string& what);
  // A network with the labels that its config-only network gives it, and what is attached to it.
  NetworkInfo network_info(const FakeNetwork& network);
  Status check_overlap(const NetworkSpec& spec);
  std::string keep_image(FakeImage image, const std::string& tag);
  Result<std::string> create_file(std::map<std::string, FakeFile>& files, std::string_view kind,
                                  const std::string& name, const Labels& labels,
                                  const std::string& value);
  Status remove_file(std::map<std::string, FakeFile>& files, std::string_view kind,
                     const std::string& id);

  FakeCluster& cluster_;
  std::string node_id_;
  std::string client_;
};

}  // namespace croft::engine
