#include "plan/core_replacement.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

CoreObserved core(CoreRole role, const std::string& revision) {
  return {.revision = revision, .active = role == CoreRole::kActive, .role = role};
}

std::optional<std::size_t> replace(const CoreObserved* a, const CoreObserved* b,
                                   bool both_bad = false) {
  const auto outdated = [](const CoreObserved* one) { return !one || one->revision == "old"; };
  return core_to_replace({CoreSlot{outdated(a), a}, CoreSlot{outdated(b), b}}, "new", both_bad);
}

TEST(CoreReplacement, TheStandbyFirstThenTheActiveOne) {
  const CoreObserved active = core(CoreRole::kActive, "old");
  const CoreObserved standby = core(CoreRole::kStandby, "old");
  EXPECT_EQ(replace(&active, &standby), 1u);
  EXPECT_EQ(replace(&standby, &active), 0u);
  const CoreObserved ready = core(CoreRole::kStandby, "new");
  EXPECT_EQ(replace(&active, &ready), 0u);
  EXPECT_EQ(replace(&ready, &active), 1u);
  const CoreObserved done = core(CoreRole::kActive, "new");
  EXPECT_EQ(replace(&standby, &done), 0u);
  EXPECT_EQ(replace(&ready, &done), std::nullopt);
}

TEST(CoreReplacement, NothingWhileTheOtherCouldNotServe) {
  const CoreObserved active = core(CoreRole::kActive, "old");
  CoreObserved starting = core(CoreRole::kFault, "new");
  EXPECT_EQ(replace(&active, &starting), std::nullopt);
  starting = core(CoreRole::kStandby, "new");
  starting.error = "no such rule";
  EXPECT_EQ(replace(&active, &starting), std::nullopt);
  // The standby's service was changed a moment ago, and what reports is still the old container.
  const CoreObserved before = core(CoreRole::kStandby, "old");
  EXPECT_EQ(core_to_replace({CoreSlot{true, &active}, CoreSlot{false, &before}}, "new", false),
            std::nullopt);
  EXPECT_EQ(core_to_replace({CoreSlot{true, &active}, CoreSlot{false, nullptr}}, "new", false),
            std::nullopt);
}

TEST(CoreReplacement, OneThatIsBrokenIsReplacedBesideAnActiveOne) {
  const CoreObserved active = core(CoreRole::kActive, "old");
  const CoreObserved broken = core(CoreRole::kFault, "old");
  EXPECT_EQ(replace(&active, &broken), 1u);
  EXPECT_EQ(replace(nullptr, &active), 0u);
}

// croftd has just started, or the agent: nobody is known to serve, so nobody is touched, unless
// that has lasted.
TEST(CoreReplacement, WhenNobodyServesOnlyTimeAllowsIt) {
  const CoreObserved broken = core(CoreRole::kFault, "old");
  EXPECT_EQ(replace(nullptr, nullptr), std::nullopt);
  EXPECT_EQ(replace(&broken, &broken), std::nullopt);
  EXPECT_EQ(replace(nullptr, &broken, true), 0u);
}

}  // namespace
}  // namespace croft
