#include "plan/node_desired.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

class NodeDesiredTest : public testing::Test {
 protected:
  NodeDesiredTest() : addresses_(AddressPlan::create("fd11:2233:4455::/48").value()) {
    input_.install_id = "abc123";
    input_.node.index = 1;
    input_.node.address = "192.0.2.2";
    input_.projects = {{.id = ProjectId::generate(random_), .name = "shop", .network_number = 3}};
    input_.services = {{.id = ServiceId::generate(random_),
                        .project_id = input_.projects[0].id,
                        .hostname = "api",
                        .index = 2,
                        .ports = {{.port = 3000, .http = true}}}};
  }

  InstanceSetId add_set(InstanceDuty duty, InstanceSetState state = InstanceSetState::kWanted) {
    const auto id = InstanceSetId::generate(random_);
    input_.sets.push_back({.id = id,
                           .service_id = input_.services[0].id,
                           .project_id = input_.projects[0].id,
                           .duty = duty,
                           .state = state});
    return id;
  }

  void add_container(const InstanceSetId& set, std::string task, bool running) {
    input_.containers.push_back({.id = task + "c",
                                 .task_id = task,
                                 .project_id = input_.projects[0].id,
                                 .service_id = input_.services[0].id,
                                 .set_id = set,
                                 .running = running,
                                 .address4 = "10.64.49.7",
                                 .address6 = "fd11:2233:4455:6:1::7"});
  }

  const std::vector<CoreInstance> planned() {
    return plan_node(addresses_, input_).cores.at(0).services.at(0).instances;
  }

  SeededRandom random_{1};
  AddressPlan addresses_;
  NodePlanInput input_;
};

TEST_F(NodeDesiredTest, TheEdgeIsKnownToTheNodeAndToEveryCore) {
  input_.edge = {.addresses4 = {"192.0.2.2"}, .tcp_ports = {443}};
  const NodeDesired desired = plan_node(addresses_, input_);
  EXPECT_EQ(to_json(desired.edge), to_json(input_.edge));
  EXPECT_EQ(to_json(desired.cores.at(0).edge), to_json(input_.edge));
}

TEST_F(NodeDesiredTest, ALimitThatChangesIsNews) {
  const NodeDesired before = plan_node(addresses_, input_);
  input_.container_disk_bytes = 5;
  input_.volume_bytes = 6;
  NodeDesired after = plan_node(addresses_, input_);
  EXPECT_EQ(after.container_disk_bytes, 5);
  EXPECT_EQ(after.volume_bytes, 6);
  number_generations(after, before, before.generation + 1);
  EXPECT_EQ(after.generation, before.generation + 1);
}

TEST_F(NodeDesiredTest, InstancesHaveTheDutyOfTheirSet) {
  add_container(add_set(InstanceDuty::kServe), "t1", true);
  add_container(add_set(InstanceDuty::kHold), "t2", true);
  const auto instances = planned();
  ASSERT_EQ(instances.size(), 2u);
  EXPECT_EQ(instances[0].duty, InstanceDuty::kServe);
  EXPECT_EQ(instances[1].duty, InstanceDuty::kHold);
}

TEST_F(NodeDesiredTest, ASetThatIsRemovedDrainsWhateverItsDutyWas) {
  add_container(add_set(InstanceDuty::kServe, InstanceSetState::kRemoving), "t1", true);
  ASSERT_EQ(planned().size(), 1u);
  EXPECT_EQ(planned()[0].duty, InstanceDuty::kDrain);
}

TEST_F(NodeDesiredTest, StoppedAndUnknownContainersAreNoInstances) {
  const auto set = add_set(InstanceDuty::kServe);
  add_container(set, "t1", false);
  add_container(InstanceSetId::generate(random_), "t2", true);
  EXPECT_TRUE(planned().empty());
}

TEST_F(NodeDesiredTest, GenerationsMoveOnlyWithContent) {
  const auto set = add_set(InstanceDuty::kHold);
  add_container(set, "t1", true);
  NodeDesired first = plan_node(addresses_, input_);
  number_generations(first, {}, 10);
  EXPECT_EQ(first.generation, 10);
  NodeDesired same = plan_node(addresses_, input_);
  number_generations(same, first, 11);
  EXPECT_EQ(same.generation, 10);
  EXPECT_EQ(same.cores[0].generation, 10);
  input_.sets[0].duty = InstanceDuty::kServe;
  NodeDesired changed = plan_node(addresses_, input_);
  number_generations(changed, first, 11);
  EXPECT_EQ(changed.cores[0].generation, 11);
  EXPECT_EQ(changed.generation, 11);
}

TEST_F(NodeDesiredTest, AnEdgeIsToldItsRoutesAndChangesOfThemAreNews) {
  input_.platform_domain = "apps.example.test";
  input_.services[0].subdomain_enabled = true;
  ASSERT_TRUE(plan_node(addresses_, input_).edge_routes) << "nothing to serve is told, too";
  EXPECT_TRUE(plan_node(addresses_, input_).edge_routes->empty()) << "no edge here";
  input_.edge = {.addresses4 = {"192.0.2.2"}, .tcp_ports = {443}};
  const NodeDesired before = plan_node(addresses_, input_);
  ASSERT_EQ(before.edge_routes->size(), 1u);
  EXPECT_EQ(before.edge_routes->at(0).host, "api-shop.apps.example.test");
  EXPECT_EQ(before.edge_routes->at(0).core, addresses_.core_uplink(3).v6.str());
  input_.services[0].subdomain_enabled = false;
  NodeDesired after = plan_node(addresses_, input_);
  number_generations(after, before, 9);
  EXPECT_EQ(after.generation, 9);
  EXPECT_EQ(after.cores[0].generation, before.cores[0].generation) << "no news for cores";
}

TEST_F(NodeDesiredTest, RoutesEveryProjectThroughItsCore) {
  const NodeDesired desired = plan_node(addresses_, input_);
  ASSERT_EQ(desired.uplink.routes.size(), 1u);
  EXPECT_EQ(desired.uplink.routes[0].destination, "fd11:2233:4455:6::/63");
  EXPECT_EQ(desired.uplink.routes[0].via, addresses_.core_uplink(3).v6.str());
  EXPECT_EQ(desired.segments.size(), 1u);
}

}  // namespace
}  // namespace croft
