#include "base/clock_watch.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

constexpr Millis kHour{3'600'000};

TEST(ClockWatch, BelievesAClockThatRuns) {
  ManualClock clock;
  ClockWatch watch(clock);
  for (int i = 0; i < 1000; ++i) {
    clock.advance(kHour);
    EXPECT_TRUE(watch.believable());
    clock.jump_wall_clock(Millis(i % 2 == 0 ? 30'000 : -30'000));  // a time server at work
  }
}

TEST(ClockWatch, DoubtsItForADayAfterAJump) {
  for (const Millis jump : {kHour, -kHour, 365 * 24 * kHour, -365 * 24 * kHour}) {
    ManualClock clock;
    ClockWatch watch(clock);
    clock.jump_wall_clock(jump);
    EXPECT_FALSE(watch.believable());
    clock.advance(23 * kHour);
    EXPECT_FALSE(watch.believable());
    clock.jump_wall_clock(-jump);  // put right: another day
    EXPECT_FALSE(watch.believable());
    clock.advance(23 * kHour);
    EXPECT_FALSE(watch.believable());
    clock.advance(kHour);
    EXPECT_TRUE(watch.believable());
  }
}

}  // namespace
}  // namespace croft
