#include "daemon/node_publisher.h"

#include <algorithm>

#include "store/backup.h"
#include "store/instance_sets.h"
#include "store/limits.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/settings.h"

namespace croft {
namespace {

EdgeEntrance entrance_of(const HostFacts& facts, const PlatformAddress& platform) {
  return {.addresses4 = facts.public_addresses4,
          .addresses6 = facts.public_addresses6,
          .tcp_ports = {platform.http_port, platform.https_port},
          .udp_ports = {platform.https_port}};
}

}  // namespace

NodePublisher::NodePublisher(Store& store, const World& world, AgentHub& hub,
                             const AddressPlan& addresses, std::string install_id, Node local,
                             HostFacts facts, const PlatformAddress& platform)
    : store_(store),
      world_(world),
      hub_(hub),
      addresses_(addresses),
      install_id_(std::move(install_id)),
      local_(std::move(local)),
      facts_(std::move(facts)),
      edge_(entrance_of(facts_, platform)),
      domain_(platform.domain) {}

Task<Result<NodePlanInput>> NodePublisher::read_input() {
  auto input = co_await store_.read([](const Tx& tx) -> Result<NodePlanInput> {
    NodePlanInput read;
    auto projects = all_projects(tx, Scope::platform());
    if (!projects) return fail(std::move(projects).error());
    auto services = all_services(tx, Scope::platform());
    if (!services) return fail(std::move(services).error());
    auto sets = all_instance_sets(tx, Scope::platform());
    if (!sets) return fail(std::move(sets).error());
    auto limits = read_limits(tx);
    if (!limits) return fail(std::move(limits).error());
    read.container_disk_bytes = limits->project.container_disk_bytes;
    read.volume_bytes = limits->project.volume_bytes;
    read.projects = std::move(*projects);
    read.services = std::move(*services);
    read.sets = std::move(*sets);
    return read;
  });
  if (!input) co_return input;
  input->install_id = install_id_;
  input->node = local_;
  input->resolvers = facts_.resolvers;
  input->denied4 = facts_.addresses4;
  input->denied6 = facts_.addresses6;
  input->edge = edge_;
  input->platform_domain = domain_;
  for (const auto& [id, node] : world_.nodes()) {
    input->containers.insert(input->containers.end(), node.containers.begin(),
                             node.containers.end());
  }
  co_return input;
}

Task<Status> NodePublisher::reconcile() {
  // Before the agent has told what runs, a plan would take every instance out of rotation.
  if (!world_.node_known(local_.id)) co_return Status{};
  auto input = co_await read_input();
  if (!input) co_return fail(std::move(input).error());
  NodeDesired wanted = plan_node(addresses_, *input);
  if (last_generation_ == 0) {
    auto stored = co_await store_.read(
        [](const Tx& tx) { return get_setting(tx, Scope::platform(), kSettingNodeGeneration); });
    if (!stored) co_return fail(std::move(stored).error());
    last_generation_ = *stored ? std::stoll(**stored) : 1;
  }
  number_generations(wanted, last_, last_generation_ + 1);
  if (wanted.generation == last_.generation) co_return Status{};
  last_generation_ = wanted.generation;
  // Durable before it is used: a number never comes back with other content.
  const std::string text = std::to_string(wanted.generation);
  CROFT_CO_TRY(co_await store_.write([&text](Tx& tx) {
    return set_setting(tx, Scope::platform(), kSettingNodeGeneration, text);
  }));
  last_ = wanted;
  hub_.publish(local_.id, std::move(wanted));
  co_return Status{};
}

}  // namespace croft
