// What the fake does beyond the contract: time, faults, nodes, updates, the same run for the same
// seed.
#include <gtest/gtest.h>

#include "engine/fake/drive.h"
#include "engine/fake/fake_engine.h"

namespace croft::engine {
namespace {

constexpr Millis kLimit{30'000};
constexpr std::string_view kImage = "app:1";

class FakeClusterTest : public ::testing::Test {
 protected:
  FakeClusterTest() {
    cluster.add_image(cluster.first_node_id, std::string(kImage), {});
    run(init());
  }

  Task<void> init() {
    const SwarmInit init{.advertise_address = "192.0.2.1"};
    co_await engine.init_swarm(init, kLimit);
  }

  void run(Task<void> task) {
    ASSERT_TRUE(run_on_virtual_time(runtime, clock, cluster, std::move(task))) << "it hangs";
  }
  // Lets so much time pass.
  void pass(Millis duration) { run(cluster.schedule.sleep(duration)); }

  ServiceSpec service(const std::string& name, std::uint64_t replicas) const {
    ServiceSpec spec;
    spec.name = name;
    spec.container.image = kImage;
    spec.container.stop_grace = Millis(2000);
    spec.replicas = replicas;
    return spec;
  }
  std::string create(const ServiceSpec& spec) {
    std::string id;
    run(create_into(spec, id));
    return id;
  }
  Task<void> create_into(const ServiceSpec& spec, std::string& id) {
    const auto made = co_await engine.create_service(spec, kLimit);
    EXPECT_TRUE(made) << made.error().describe();
    if (made) id = *made;
  }
  void update(const std::string& id, const ServiceSpec& spec) { run(update_service(id, spec)); }
  Task<void> update_service(std::string id, const ServiceSpec& spec) {
    const auto now = co_await engine.inspect_service(id, kLimit);
    EXPECT_TRUE(now);
    if (!now) co_return;
    const auto done = co_await engine.update_service(id, now->version, spec, kLimit);
    EXPECT_TRUE(done) << done.error().describe();
  }

  std::vector<TaskInfo> tasks(TaskState state) const {
    std::vector<TaskInfo> found;
    for (const auto& [id, task] : cluster.tasks) {
      if (task.info.state == state) found.push_back(task.info);
    }
    return found;
  }
  std::size_t running() const { return tasks(TaskState::kRunning).size(); }

  Runtime runtime;
  ManualClock clock;
  FakeCluster cluster{clock, 7};
  FakeEngine engine{cluster};
};

TEST_F(FakeClusterTest, ServicesTakeTimeToStart) {
  create(service("web", 2));
  EXPECT_EQ(running(), 0u);
  pass(Millis(100));
  EXPECT_EQ(running(), 0u);
  pass(Millis(1000));
  EXPECT_EQ(running(), 2u);
}

TEST_F(FakeClusterTest, ATaskWithoutItsImageIsRejectedLateAndTriedAgain) {
  ServiceSpec spec = service("web", 1);
  spec.container.image = "missing:1";
  create(spec);
  pass(Millis(19'000));
  EXPECT_EQ(tasks(TaskState::kPreparing).size(), 1u);
  pass(Millis(2000));
  const auto rejected = tasks(TaskState::kRejected);
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].error, "No such image: missing:1");
  cluster.add_image(cluster.first_node_id, "missing:1", {});
  pass(Millis(30'000));
  EXPECT_EQ(running(), 1u);
}

TEST_F(FakeClusterTest, AMissingConfigOnlyNetworkRejectsTasks) {
  cluster.swarm_networks["segment"].info = {.id = "segment",
                                            .spec = {.name = "net", .config_from = "net-config"}};
  ServiceSpec spec = service("web", 1);
  spec.networks = {{"segment", {}}};
  create(spec);
  pass(Millis(2000));
  const auto rejected = tasks(TaskState::kRejected);
  ASSERT_FALSE(rejected.empty());
  EXPECT_EQ(rejected[0].error, "network net-config not found");
}

TEST_F(FakeClusterTest, AddressesStayInTheSliceAndAreUnique) {
  FakeNode& node = cluster.node(cluster.first_node_id);
  node.networks["c"].info.id = "c";
  node.networks["c"].info.spec = {.name = "net-config",
                                  .ranges = {{"10.0.0.0/24", "10.0.0.0/29", "10.0.0.1"},
                                             {"fd00::/64", "fd00:0:0:0:1::/80", "fd00::1"}},
                                  .config_only = true};
  cluster.swarm_networks["segment"].info = {.id = "segment",
                                            .spec = {.name = "net", .config_from = "net-config"}};
  ServiceSpec spec = service("web", 5);
  spec.networks = {{"segment", {}}};
  spec.restart.delay = Millis(1000);
  create(spec);
  pass(Millis(1500));
  std::set<std::string> seen;
  for (const auto& [id, container] : node.containers) {
    ASSERT_EQ(container.info.addresses.size(), 1u);
    seen.insert(container.info.addresses[0].ipv4);
    EXPECT_TRUE(container.info.addresses[0].ipv6.starts_with("fd00:0:0:0:1:") ||
                container.info.addresses[0].ipv6.starts_with("fd00::1:"))
        << container.info.addresses[0].ipv6;
  }
  EXPECT_EQ(seen,
            (std::set<std::string>{"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"}));
  // The slice is used up: the next task cannot start.
  const std::string other = create([&] {
    ServiceSpec more = service("more", 1);
    more.networks = spec.networks;
    return more;
  }());
  pass(Millis(1500));
  EXPECT_EQ(running(), 5u);
}

TEST_F(FakeClusterTest, ALostNodesTasksMoveAndItsReturnStopsTheOldOnes) {
  const std::string second = cluster.add_node("node2", "b");
  cluster.add_image(second, std::string(kImage), {});
  create(service("web", 4));
  pass(Millis(2000));
  ASSERT_EQ(running(), 4u);
  EXPECT_EQ(cluster.node(second).containers.size(), 2u);
  cluster.lose_node(second);
  pass(Millis(2000));
  std::size_t here = 0;
  for (const TaskInfo& task : tasks(TaskState::kRunning)) {
    if (task.node_id == cluster.first_node_id) ++here;
  }
  EXPECT_EQ(here, 4u);
  const FakeEngine remote(cluster, second);
  cluster.return_node(second);
  pass(Millis(5000));
  EXPECT_EQ(running(), 4u);
  for (const auto& [id, container] : cluster.node(second).containers) {
    EXPECT_EQ(container.info.state, ContainerInfo::State::kExited);
  }
}

TEST_F(FakeClusterTest, GlobalServicesRunOnceOnEveryNodeThatFits) {
  const std::string second = cluster.add_node("node2", "b");
  cluster.add_image(second, std::string(kImage), {});
  ServiceSpec spec = service("agent", 0);
  spec.replicas.reset();
  create(spec);
  pass(Millis(2000));
  EXPECT_EQ(running(), 2u);
  ServiceSpec zoned = service("zoned", 0);
  zoned.replicas.reset();
  zoned.constraints = {"node.labels.croft.zone == b"};
  create(zoned);
  pass(Millis(2000));
  ASSERT_EQ(running(), 3u);
  const std::string third = cluster.add_node("node3", "b");
  cluster.add_image(third, std::string(kImage), {});
  pass(Millis(2000));
  EXPECT_EQ(running(), 5u);
}

TEST_F(FakeClusterTest, ReplicasPerNodeAreLimited) {
  ServiceSpec spec = service("core", 2);
  spec.max_replicas_per_node = 1;
  create(spec);
  pass(Millis(2000));
  EXPECT_EQ(running(), 1u);
  EXPECT_EQ(tasks(TaskState::kPending).size(), 1u);
  const std::string second = cluster.add_node("node2", "");
  cluster.add_image(second, std::string(kImage), {});
  pass(Millis(2000));
  EXPECT_EQ(running(), 2u);
}

TEST_F(FakeClusterTest, AStopFirstUpdateGoesOneByOne) {
  ServiceSpec spec = service("web", 3);
  const std::string id = create(spec);
  pass(Millis(2000));
  spec.container.env["V"] = "2";
  update(id, spec);
  std::size_t least = 3;
  for (int i = 0; i < 100; ++i) {
    pass(Millis(50));
    least = std::min(least, running());
  }
  EXPECT_EQ(least, 2u);
  EXPECT_EQ(running(), 3u);
  EXPECT_EQ(cluster.services.at(id).info.update_state, "completed");
}

TEST_F(FakeClusterTest, AFailedUpdatePausesOrRollsBack) {
  cluster.behaviour.process = [](const ContainerSettings& settings) {
    FakeProcess process;
    if (settings.env.contains("BAD")) process.start_error = "executable file not found";
    return process;
  };
  ServiceSpec spec = service("web", 3);
  const std::string id = create(spec);
  pass(Millis(2000));
  ServiceSpec bad = spec;
  bad.container.env["BAD"] = "1";
  update(id, bad);
  pass(Millis(4000));
  EXPECT_EQ(cluster.services.at(id).info.update_state, "paused");
  EXPECT_EQ(running(), 2u);  // the two that were not touched

  bad.update.on_failure = UpdateConfig::OnFailure::kRollback;
  update(id, spec);
  pass(Millis(5000));
  ASSERT_EQ(running(), 3u);
  update(id, bad);
  pass(Millis(20'000));
  EXPECT_EQ(cluster.services.at(id).info.update_state, "rollback_completed");
  EXPECT_EQ(running(), 3u);
  EXPECT_FALSE(cluster.services.at(id).info.spec.container.env.contains("BAD"));
}

// As a swarm manager: replicated/services.go and slot.go of swarmkit.
TEST_F(FakeClusterTest, FewerContainersAreThoseThatRunAndOfTheseTheFirst) {
  ServiceSpec spec = service("web", 3);
  spec.restart.delay = Millis(60'000);
  const std::string id = create(spec);
  pass(Millis(10'000));
  for (const TaskInfo& task : tasks(TaskState::kRunning)) {
    if (task.slot == 1) cluster.crash(task.container_id, 1, false);
  }
  spec.replicas = 1;
  update(id, spec);
  pass(Millis(10'000));
  ASSERT_EQ(running(), 1u);
  EXPECT_EQ(tasks(TaskState::kRunning)[0].slot, 2u);
}

TEST_F(FakeClusterTest, HistoryIsCutToItsLimit) {
  cluster.behaviour.process = [](const ContainerSettings&) {
    return FakeProcess{.exits_after = Millis(100), .exit_code = 1};
  };
  ServiceSpec spec = service("crash", 1);
  spec.restart.delay = Millis(100);
  create(spec);
  pass(Millis(60'000));
  const std::size_t kept = tasks(TaskState::kFailed).size();
  EXPECT_GE(kept, 4u);
  EXPECT_LE(kept, 7u);
  EXPECT_LE(cluster.node(cluster.first_node_id).containers.size(), 8u);
}

Task<void> create_with_faults(FakeEngine& engine, std::vector<std::string>& codes) {
  for (int i = 0; i < 3; ++i) {
    const VolumeSpec spec{"v" + std::to_string(i), {}};
    const auto made = co_await engine.create_volume(spec, Millis(1000));
    codes.push_back(made ? "ok" : std::string(to_string(made.error().code())));
  }
}

TEST_F(FakeClusterTest, FaultsRefuseLoseRepliesAndDelay) {
  cluster.fault = [](const FakeCall& call) -> FakeFault {
    if (call.name != "create_volume") return {};
    const Error error(ErrorCode::kUnavailable, "injected");
    if (call.object == "v0") return {.error = error};
    if (call.object == "v1") return {.error = error, .after_effect = true};
    return {.delay = Millis(5000)};
  };
  std::vector<std::string> codes;
  const Millis before = clock.steady();
  run(create_with_faults(engine, codes));
  EXPECT_EQ(codes, (std::vector<std::string>{"unavailable", "unavailable", "timeout"}));
  EXPECT_EQ(clock.steady() - before, Millis(1000));
  const auto& volumes = cluster.node(cluster.first_node_id).volumes;
  EXPECT_FALSE(volumes.contains("v0"));
  EXPECT_TRUE(volumes.contains("v1"));
  EXPECT_FALSE(volumes.contains("v2"));
}

std::string trace_of_a_run(std::uint64_t seed) {
  Runtime runtime;
  ManualClock clock;
  FakeCluster cluster(clock, seed);
  FakeEngine engine(cluster);
  cluster.add_image(cluster.first_node_id, std::string(kImage), {});
  cluster.behaviour.process = [](const ContainerSettings&) {
    return FakeProcess{.exits_after = Millis(700), .exit_code = 1};
  };
  struct Script {
    static Task<void> run(FakeCluster* all, FakeEngine* one) {
      const SwarmInit init{.advertise_address = "192.0.2.1"};
      co_await one->init_swarm(init, kLimit);
      ServiceSpec spec;
      spec.name = "web";
      spec.container.image = kImage;
      spec.replicas = 3;
      co_await one->create_service(spec, kLimit);
      co_await all->schedule.sleep(Millis(20'000));
    }
  };
  EXPECT_TRUE(run_on_virtual_time(runtime, clock, cluster, Script::run(&cluster, &engine)));
  std::string trace;
  for (const FakeEvent& one : cluster.events) {
    trace +=
        one.event.raw_action + " " + one.event.id + " " + std::to_string(one.event.time_ns) + "\n";
  }
  return trace;
}

TEST(FakeDeterminism, OneSeedIsOneRun) {
  const std::string first = trace_of_a_run(11);
  EXPECT_GT(first.size(), 1000u);
  EXPECT_EQ(first, trace_of_a_run(11));
  EXPECT_NE(first, trace_of_a_run(12));
}

Task<void> wait_for_nothing(FakeCluster& cluster) {
  co_await cluster.schedule.wait_for_change();
}

TEST(FakeDeterminism, ATaskThatNothingCanWakeIsReported) {
  ManualClock clock;
  FakeCluster cluster(clock, 1);
  Runtime runtime;
  cluster.run_due();
  clock.advance(Millis(1000));
  cluster.run_due();
  EXPECT_FALSE(run_on_virtual_time(runtime, clock, cluster, wait_for_nothing(cluster)));
}

}  // namespace
}  // namespace croft::engine
