#include "daemon/core_status.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

class CoreStatusTest : public testing::Test {
 protected:
  CoreStatusTest() : world_(runtime_) {
    project_.id = *ProjectId::parse("P000000000000000000001");
    project_.name = "shop";
  }
  CoreObserved core(const char* slot, CoreRole role) const {
    return {
        .project_id = project_.id, .slot = slot, .active = role == CoreRole::kActive, .role = role};
  }
  ComponentStatus with(std::vector<CoreObserved> cores) {
    world_.set_node(*NodeId::parse("N000000000000000000001"), {.cores = std::move(cores)});
    return core_status(world_, project_);
  }

  Runtime runtime_;
  World world_;
  Project project_;
};

TEST_F(CoreStatusTest, SaysWhichOneIsActive) {
  const auto status = with({core("b", CoreRole::kActive), core("a", CoreRole::kStandby)});
  EXPECT_EQ(status.name, "core shop");
  EXPECT_EQ(status.status, "ok");
  EXPECT_EQ(status.detail, "a is standby; b is active");
  EXPECT_EQ(status.fix, "");
}

TEST_F(CoreStatusTest, OneAloneIsDegradedAndNoneIsDown) {
  EXPECT_EQ(with({core("a", CoreRole::kActive)}).status, "degraded");
  EXPECT_EQ(with({core("a", CoreRole::kActive)}).detail, "a is active; b is not running");
  CoreObserved fault = core("b", CoreRole::kFault);
  fault.reason = "conntrackd is not running";
  EXPECT_EQ(with({core("a", CoreRole::kActive), fault}).detail,
            "a is active; b: conntrackd is not running");
  EXPECT_EQ(with({core("a", CoreRole::kStandby), core("b", CoreRole::kStandby)}).status, "down");
  EXPECT_EQ(with({}).status, "down");
}

TEST_F(CoreStatusTest, WhatIsAbnormalIsSaid) {
  CoreObserved full = core("a", CoreRole::kActive);
  full.reason = "its table of connections is 97 % full";
  const auto status = with({full, core("b", CoreRole::kStandby)});
  EXPECT_EQ(status.status, "degraded");
  EXPECT_EQ(status.detail, "a is active, but its table of connections is 97 % full; b is standby");
}

// One that was frozen says so until it is heard again.
TEST_F(CoreStatusTest, OfTwoThatSayTheyAreActiveTheLaterIs) {
  CoreObserved frozen = core("a", CoreRole::kActive);
  frozen.active_since_ms = 1000;
  CoreObserved successor = core("b", CoreRole::kActive);
  successor.active_since_ms = 2000;
  const auto status = with({frozen, successor});
  EXPECT_EQ(status.status, "degraded");
  EXPECT_EQ(status.detail, "a does not answer; b is active");
  ASSERT_NE(world_.active_core(project_.id), nullptr);
  EXPECT_EQ(world_.active_core(project_.id)->slot, "b");
}

}  // namespace
}  // namespace croft
