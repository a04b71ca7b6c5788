#include "node/path_priority.h"

#include <gtest/gtest.h>

#include "engine/fake/fake_engine.h"
#include "model/cpu_shares.h"
#include "net/byte_stream.h"

namespace croft::node {
namespace {

constexpr Millis kLimit{1000};

class PathPriorityTest : public testing::Test {
 protected:
  ObservedContainer run_container(const std::string& role) {
    StringSource tar(std::string(1024, '\0'));
    EXPECT_TRUE(runtime_.run_until_done(engine_.import_image("some:1", tar, {}, kLimit)));
    engine::ContainerSpec spec;
    spec.name = role;
    spec.settings.image = "some:1";
    const auto id = runtime_.run_until_done(engine_.create_container(spec, kLimit));
    EXPECT_TRUE(id);
    EXPECT_TRUE(runtime_.run_until_done(engine_.start_container(*id, kLimit)));
    return {.id = *id, .role = role, .running = true};
  }
  std::int64_t shares(const ObservedContainer& container) {
    const auto info = runtime_.run_until_done(engine_.inspect_container(container.id, kLimit));
    EXPECT_TRUE(info);
    return info ? info->cpu_shares : -1;
  }

  Runtime runtime_;
  SystemClock clock_;
  engine::FakeCluster cluster_{clock_, 1};
  engine::FakeEngine engine_{cluster_};
  PathPriority priority_{engine_};
};

TEST_F(PathPriorityTest, RaisesCoresAndEdgeAndNobodyElse) {
  const ObservedContainer core = run_container("core");
  const ObservedContainer edge = run_container("edge");
  const ObservedContainer app = run_container("service");
  runtime_.run_until_done(priority_.apply({core, edge, app}));
  EXPECT_EQ(shares(core), kPathCpuShares);
  EXPECT_EQ(shares(edge), kPathCpuShares);
  EXPECT_EQ(shares(app), 0);
}

TEST_F(PathPriorityTest, DoesSoOnceAndLeavesWhatIsStoppedAlone) {
  const ObservedContainer core = run_container("core");
  ObservedContainer stopped = run_container("edge");
  stopped.running = false;
  runtime_.run_until_done(priority_.apply({core, stopped}));
  EXPECT_EQ(shares(stopped), 0);
  // Somebody else's later word is not overwritten: that shows that nothing was sent again.
  EXPECT_TRUE(
      runtime_.run_until_done(engine_.update_container(core.id, {.cpu_shares = 2000}, kLimit)));
  runtime_.run_until_done(priority_.apply({core}));
  EXPECT_EQ(shares(core), 2000);
}

TEST_F(PathPriorityTest, GoesOnAfterOneThatIsGone) {
  const ObservedContainer core = run_container("core");
  const ObservedContainer gone{.id = "0000000000000000", .role = "core", .running = true};
  runtime_.run_until_done(priority_.apply({gone, core}));
  EXPECT_EQ(shares(core), kPathCpuShares);
}

}  // namespace
}  // namespace croft::node
