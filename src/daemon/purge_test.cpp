#include "daemon/purge.h"

#include <gtest/gtest.h>

#include "engine/fake/drive.h"
#include "engine/fake/fake_engine.h"

namespace croft {
namespace {

constexpr Millis kLimit{30'000};
constexpr int kContainers = 40;

class PurgeTest : public ::testing::Test {
 public:
  PurgeTest() { cluster_.add_image(cluster_.first_node_id, "app:1", {}); }
  void run(Task<void> task) {
    ASSERT_TRUE(engine::run_on_virtual_time(runtime_, clock_, cluster_, std::move(task)));
  }
  Task<void> create(std::string name, engine::Labels labels) {
    engine::ContainerSpec spec;
    spec.name = std::move(name);
    spec.settings.image = "app:1";
    spec.settings.labels = std::move(labels);
    const auto made = co_await engine_.create_container(spec, kLimit);
    EXPECT_TRUE(made) << made.error().describe();
  }
  Task<void> purge() { result_ = co_await purge_engine(runtime_, engine_, names_); }
  Task<void> count(std::size_t* left) {
    const auto all = co_await engine_.list_containers({}, true, kLimit);
    if (all) *left = all->size();
  }

  Runtime runtime_;
  ManualClock clock_;
  engine::FakeCluster cluster_{clock_, 1};
  engine::FakeEngine engine_{cluster_};
  Names names_{"abc123"};
  Status result_;
};

TEST_F(PurgeTest, ABusyEngineIsNotWaitedForOnceForEachContainer) {
  for (int i = 0; i < kContainers; ++i) run(create("croft-" + std::to_string(i), names_.ours()));
  run(create("foreign", {}));
  cluster_.fault = [](const engine::FakeCall& call) {
    engine::FakeFault fault;
    if (call.name == "remove_container") fault.delay = Millis(3000);
    return fault;
  };
  const Millis started = clock_.steady();
  run(purge());
  EXPECT_TRUE(result_) << result_.error().describe();
  EXPECT_LE(clock_.steady() - started, Millis(20'000)) << "one after the other takes 120 s";
  std::size_t left = 0;
  run(count(&left));
  EXPECT_EQ(left, 1U) << "the container of somebody else";
}

TEST_F(PurgeTest, NodesKeepOnlyTheLabelsOfOthers) {
  const auto scenario = [](PurgeTest* t) -> Task<void> {
    const auto before = co_await t->engine_.list_nodes(kLimit);
    EXPECT_TRUE(before) << before.error().describe();
    if (!before) co_return;
    const engine::NodeUpdate update{
        .labels = {{"croft.edge-abc123", "true"}, {"croft.edge-other1", "true"}},
        .availability = before->front().availability};
    EXPECT_TRUE(co_await t->engine_.update_node(before->front().id, before->front().version, update,
                                                kLimit));
    co_await t->purge();
    const auto after = co_await t->engine_.list_nodes(kLimit);
    EXPECT_TRUE(after) << after.error().describe();
    if (after) EXPECT_EQ(after->front().labels, (engine::Labels{{"croft.edge-other1", "true"}}));
  };
  run(scenario(this));
  EXPECT_TRUE(result_) << result_.error().describe();
}

}  // namespace
}  // namespace croft
