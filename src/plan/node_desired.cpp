#include "plan/node_desired.h"

#include <algorithm>
#include <map>

#include "base/described.h"
#include "plan/edge_routes.h"

namespace croft {
namespace {

// Room for the VXLAN header in a path of 1500 bytes.
constexpr int kSegmentMtu = 1450;

NodeSegment segment(const NodePlanInput& input, int n) {
  return {.device = segment_device(input.install_id, n),
          .vni = segment_vni(input.install_id, n),
          .local_address = input.node.address,
          .mtu = kSegmentMtu};
}

std::vector<CoreInstance> instances_of(const ServiceId& service, const NodePlanInput& input,
                                       const std::map<InstanceSetId, const InstanceSet*>& sets) {
  std::vector<CoreInstance> instances;
  for (const ObservedContainer& container : input.containers) {
    if (container.service_id != service || !container.running || container.address6.empty()) {
      continue;
    }
    const auto set = sets.find(container.set_id);
    if (set == sets.end()) continue;
    const bool removing = set->second->state == InstanceSetState::kRemoving;
    instances.push_back({.id = container.task_id,
                         .set_id = container.set_id,
                         .address4 = container.address4,
                         .address6 = container.address6,
                         .duty = removing ? InstanceDuty::kDrain : set->second->duty});
  }
  std::sort(instances.begin(), instances.end(),
            [](const CoreInstance& a, const CoreInstance& b) { return a.id < b.id; });
  return instances;
}

CoreDesired core(const AddressPlan& addresses, const NodePlanInput& input, const Project& project,
                 const std::map<InstanceSetId, const InstanceSet*>& sets) {
  const int n = project.network_number;
  CoreDesired desired = core_addresses(addresses, n, input.node.index);
  desired.project_id = project.id;
  desired.project_name = project.name;
  desired.resolvers = input.resolvers;
  desired.denied4.insert(desired.denied4.end(), input.denied4.begin(), input.denied4.end());
  desired.denied6.insert(desired.denied6.end(), input.denied6.begin(), input.denied6.end());
  desired.edge = input.edge;
  for (const Service& service : input.services) {
    if (service.project_id != project.id) continue;
    const AddressPair address = addresses.service(n, service.index);
    desired.services.push_back({.id = service.id,
                                .hostname = service.hostname,
                                .address4 = address.v4.str(),
                                .address6 = address.v6.str(),
                                .ports = service.ports,
                                .instances = instances_of(service.id, input, sets)});
  }
  return desired;
}

}  // namespace

NodeDesired plan_node(const AddressPlan& addresses, const NodePlanInput& input) {
  std::map<InstanceSetId, const InstanceSet*> sets;
  for (const InstanceSet& set : input.sets) sets[set.id] = &set;

  NodeDesired desired;
  desired.edge = input.edge;
  desired.edge_routes.emplace();
  if (!input.edge.tcp_ports.empty()) {
    desired.edge_routes =
        edge_routes(addresses, input.projects, input.services, input.platform_domain);
  }
  desired.container_disk_bytes = input.container_disk_bytes;
  desired.volume_bytes = input.volume_bytes;
  desired.uplink.segment = segment(input, 0);
  desired.uplink.child_device = uplink_child_device(input.install_id);
  const AddressPair node = addresses.node(input.node.index);
  const PrefixPair uplink = addresses.segment(0);
  desired.uplink.node_address4 = node.v4.str() + "/" + std::to_string(uplink.v4.length());
  desired.uplink.node_address6 = node.v6.str() + "/" + std::to_string(uplink.v6.length());
  for (const Project& project : input.projects) {
    const int n = project.network_number;
    desired.segments.push_back(segment(input, n));
    desired.uplink.routes.push_back({.destination = addresses.project_route6(n).str(),
                                     .via = addresses.core_uplink(n).v6.str()});
    desired.cores.push_back(core(addresses, input, project, sets));
  }
  return desired;
}

void number_generations(NodeDesired& wanted, const NodeDesired& last, std::int64_t next) {
  for (CoreDesired& core : wanted.cores) {
    const auto before =
        std::find_if(last.cores.begin(), last.cores.end(),
                     [&](const CoreDesired& c) { return c.project_id == core.project_id; });
    if (before != last.cores.end()) core.generation = before->generation;
    if (before == last.cores.end() || !same(core, *before)) core.generation = next;
  }
  wanted.generation = last.generation;
  if (!same(wanted, last)) wanted.generation = next;
}

}  // namespace croft
