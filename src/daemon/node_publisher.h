// Desired state of nodes: read from the store, planned, numbered, handed to the agents.
#pragma once

#include "app/environment.h"
#include "daemon/agent_hub.h"
#include "daemon/host_facts.h"
#include "model/node.h"
#include "plan/node_desired.h"
#include "reconcile/loop.h"
#include "store/store.h"

namespace croft {

class NodePublisher final : public Reconciler {
 public:
  // `local`: the one node of this machine, whose facts are `facts`. It has an edge with the ports
  // and the domain of `platform`.
  NodePublisher(Store& store, const World& world, AgentHub& hub, const AddressPlan& addresses,
                std::string install_id, Node local, HostFacts facts,
                const PlatformAddress& platform);

  std::string name() const override { return "nodes"; }
  Task<Status> reconcile() override;

 private:
  Task<Result<NodePlanInput>> read_input();

  Store& store_;
  const World& world_;
  AgentHub& hub_;
  const AddressPlan& addresses_;
  std::string install_id_;
  Node local_;
  HostFacts facts_;
  EdgeEntrance edge_;
  std::string domain_;
  NodeDesired last_;
  std::int64_t last_generation_ = 0;  // used before, also by croftd's that ran before
};

}  // namespace croft
