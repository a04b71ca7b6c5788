#include "plan/activity.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

const CoreVitals kNormal{};
const CoreVitals kFull{.connections_percent = 99};

// How many seconds on end this core is worse than its partner until it gives the role away; -1 when
// it keeps it for `limit` seconds.
int seconds_until(ActivityController& controller, Millis& now, int limit,
                  const CoreVitals& own = kFull,
                  const std::optional<CoreVitals>& partner = kNormal) {
  for (int second = 0; second < limit; ++second) {
    now += Millis(1000);
    if (controller.gives_up(now, own, partner)) return second;
  }
  return -1;
}

TEST(Activity, EveryParameterHasALimit) {
  EXPECT_EQ(abnormality(kNormal), "");
  for (const CoreVitals& vitals :
       {CoreVitals{.rules_wrong = true}, CoreVitals{.late_ms = 1000},
        CoreVitals{.connections_percent = 95}, CoreVitals{.dropped_percent = 2},
        CoreVitals{.throttled_percent = 80}, CoreVitals{.memory_percent = 95}}) {
    EXPECT_NE(abnormality(vitals), "");
  }
  EXPECT_EQ(abnormality({.rules_wrong = false,
                         .late_ms = 999,
                         .connections_percent = 94,
                         .dropped_percent = 1,
                         .throttled_percent = 79,
                         .memory_percent = 94}),
            "");
}

TEST(Activity, AnAbnormalCoreGivesUpAfterThreeSeconds) {
  ActivityController controller;
  Millis now{1'000'000};
  EXPECT_EQ(seconds_until(controller, now, 10), 3);
}

TEST(Activity, AShortTroubleIsNoReason) {
  ActivityController controller;
  Millis now{0};
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(seconds_until(controller, now, 3), -1);
    EXPECT_EQ(seconds_until(controller, now, 1, kNormal), -1);
  }
}

TEST(Activity, WithoutABetterPartnerItStays) {
  ActivityController controller;
  Millis now{0};
  EXPECT_EQ(seconds_until(controller, now, 100, kFull, std::nullopt), -1);
  EXPECT_EQ(seconds_until(controller, now, 100, kFull, kFull), -1);
}

TEST(Activity, WhatFollowsTheRoleMovesItEverMoreRarely) {
  ActivityController a;
  Millis now{0};
  int before = 0;
  for (int i = 0; i < 4; ++i) {
    a.note_active(now);  // the partner had it, and the same trouble
    const int took = seconds_until(a, now, 4000);
    ASSERT_GE(took, 3);
    if (i > 0) EXPECT_GE(took, 2 * before - 4) << i;
    if (i > 0) before = took;
  }
  EXPECT_GE(before, 100);
}

TEST(Activity, AfterALongCalmItIsQuickAgain) {
  ActivityController controller;
  Millis now{0};
  for (int i = 0; i < 3; ++i) {
    controller.note_active(now);
    seconds_until(controller, now, 4000);
  }
  now += Millis(2 * 3'600'000);
  controller.note_active(now);
  EXPECT_EQ(seconds_until(controller, now, 10), 3);
}

}  // namespace
}  // namespace croft
