// What one node is to look like: segments, routes and the state of the cores, from the rows of the
// store and the containers that were observed. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/instance_set.h"
#include "model/node.h"
#include "model/node_state.h"
#include "model/project.h"
#include "model/service.h"
#include "plan/address_plan.h"

namespace croft {

struct NodePlanInput {
  std::string install_id;
  Node node;
  std::vector<std::string> resolvers;  // of the host, for names outside the projects
  // Addresses and ranges no tenant may reach besides the installation's own: those of the host.
  std::vector<std::string> denied4;
  std::vector<std::string> denied6;
  EdgeEntrance edge;
  std::string platform_domain;            // of the names that the edge serves
  std::int64_t container_disk_bytes = 0;  // as in NodeDesired
  std::int64_t volume_bytes = 0;
  std::vector<Project> projects;
  std::vector<Service> services;
  std::vector<InstanceSet> sets;
  std::vector<ObservedContainer>
      containers;  // of every node: instances of a project may be anywhere
};

// Without generations: whoever sends it numbers what differs from the last (number_generations).
NodeDesired plan_node(const AddressPlan& addresses, const NodePlanInput& input);

// Gives `wanted` and each of its cores a generation: that of `last` when nothing else differs,
// otherwise `next`. `next` must be higher than any used before.
void number_generations(NodeDesired& wanted, const NodeDesired& last, std::int64_t next);

}  // namespace croft
