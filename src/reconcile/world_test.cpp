#include "reconcile/world.h"

#include <gtest/gtest.h>

#include "task/task.h"

namespace croft {
namespace {

TEST(World, SaysWhyTheEngineCouldNotStartAContainer) {
  Runtime runtime;
  World world(runtime);
  const InstanceSetId set = *InstanceSetId::parse("S000000000000000000001");
  const NodeId node = *NodeId::parse("N000000000000000000001");
  NodeObserved observed;
  ObservedContainer container;
  container.id = "c1";
  container.task_id = "t1";
  container.set_id = set;
  observed.containers = {container};
  world.set_node(node, observed);
  engine::TaskInfo task;
  task.id = "t1";
  task.container_id = "c1";
  task.labels = {{"croft.set", set.str()}};
  task.state = engine::TaskState::kPreparing;
  world.set_tasks({task});
  ASSERT_EQ(world.instances(set).size(), 1u);
  EXPECT_EQ(world.instances(set)[0].rejected, "");

  task.state = engine::TaskState::kFailed;
  task.error = "starting container failed: no such program";
  world.set_tasks({task});
  ASSERT_EQ(world.instances(set).size(), 1u);
  EXPECT_EQ(world.instances(set)[0].rejected, "starting container failed: no such program");

  // It ran; the agent has not told yet.
  task.error = "task: non-zero exit (1)";
  world.set_tasks({task});
  EXPECT_EQ(world.instances(set)[0].rejected, "");

  // A container that ran and ended has an exit code, which says more.
  observed.containers[0].exit_code = 3;
  world.set_node(node, observed);
  EXPECT_EQ(world.instances(set)[0].rejected, "");
}

// An agent that was killed says before it has listed anything what its cores say.
TEST(World, ContainersStayUntilANewAgentKnowsThem) {
  Runtime runtime;
  World world(runtime);
  const InstanceSetId set = *InstanceSetId::parse("S000000000000000000001");
  const NodeId node = *NodeId::parse("N000000000000000000001");
  world.set_node(node, {});
  EXPECT_FALSE(world.node_known(node));
  ObservedContainer container;
  container.id = "c1";
  container.set_id = set;
  container.running = true;
  world.set_node(node, {.containers_known = true, .containers = {container}});
  EXPECT_EQ(world.running(set), 1);
  world.set_node(node, {});
  EXPECT_TRUE(world.node_known(node));
  EXPECT_EQ(world.running(set), 1);
  world.set_node(node, {.containers_known = true});
  EXPECT_EQ(world.running(set), 0);
}

// They are listed every few seconds; nobody has to look again because of that.
TEST(World, TellsOfTasksOnlyWhenTheyDiffer) {
  Runtime runtime;
  World world(runtime);
  int told = 0;
  world.on_change([&told] { ++told; });
  engine::TaskInfo task;
  task.id = "t1";
  world.set_tasks({task});
  world.set_tasks({task});
  EXPECT_EQ(told, 1);
  task.state = engine::TaskState::kRunning;
  world.set_tasks({task});
  EXPECT_EQ(told, 2);
  world.set_tasks({});
  EXPECT_EQ(told, 3);
}

// After a restart of croftd nothing is known for a moment: no container runs then, it seems.
TEST(World, KnowsAllOnlyWhenEveryNodeHasTold) {
  Runtime runtime;
  World world(runtime);
  const Node first{.id = *NodeId::parse("N000000000000000000001")};
  const Node second{.id = *NodeId::parse("N000000000000000000002")};
  EXPECT_FALSE(world.knows_all({first}));
  NodeObserved observed;
  world.set_node(first.id, observed);  // connected, its containers not listed yet
  EXPECT_FALSE(world.knows_all({first}));
  observed.containers_known = true;
  world.set_node(first.id, observed);
  EXPECT_TRUE(world.knows_all({first}));
  EXPECT_FALSE(world.knows_all({first, second}));
}

}  // namespace
}  // namespace croft
