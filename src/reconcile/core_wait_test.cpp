#include "reconcile/core_wait.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

constexpr Millis kLimit{300'000};

TEST(CoreWait, DoesNotExpireWhileTheImageIsBeingMade) {
  CoreWait wait(Millis(0), kLimit);
  Millis now{0};
  for (int minute = 0; minute < 60; ++minute, now += Millis(60'000)) {
    const std::string step = minute < 30 ? "step 1/3, Debian trixie" : "step 2/3, core on trixie";
    const auto line = wait.look({.making = true, .step = step}, now);
    EXPECT_EQ(line.has_value(), minute == 0 || minute == 30) << minute;
    if (line) EXPECT_EQ(*line, "building the core image, " + step);
    ASSERT_FALSE(wait.expired(now)) << minute;
  }
  // From then on the core has its time, and no more.
  EXPECT_EQ(wait.look({.ready = true}, now), "waiting for the project's core");
  EXPECT_FALSE(wait.expired(now + kLimit - Millis(60'001)));
  EXPECT_EQ(wait.look({.ready = true}, now + kLimit), std::nullopt);
  EXPECT_TRUE(wait.expired(now + kLimit));
}

TEST(CoreWait, AnImageThatCannotBeMadeIsNotWaitedForWithoutEnd) {
  CoreWait wait(Millis(0), kLimit);
  EXPECT_TRUE(wait.look({.making = true, .step = "step 1/3"}, Millis(0)));
  const PlatformImage failed{.making = true, .step = "step 1/3", .error = "no mirror answers"};
  EXPECT_EQ(wait.look(failed, Millis(1000)),
            "the core image cannot be built, it is tried again: no mirror answers");
  wait.look(failed, kLimit);
  EXPECT_TRUE(wait.expired(kLimit));
}

TEST(CoreWait, BeforeAnybodyKnowsAnythingTimePasses) {
  CoreWait wait(Millis(0), kLimit);
  EXPECT_EQ(wait.look({}, Millis(0)), "waiting for the project's core");
  EXPECT_TRUE(wait.expired(kLimit));
}

}  // namespace
}  // namespace croft
