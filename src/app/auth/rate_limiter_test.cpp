#include "app/auth/rate_limiter.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

constexpr RequestRate kRate{.per_second = 10, .burst = 3};

TEST(RateLimiter, LetsABurstThroughAndThenSoManyASecond) {
  ManualClock clock;
  RateLimiter limiter(clock);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.take("a", kRate), Millis(0));
  EXPECT_EQ(limiter.take("a", kRate), Millis(100));
  EXPECT_EQ(limiter.take("b", kRate), Millis(0));  // its own bucket
  clock.advance(Millis(99));
  EXPECT_EQ(limiter.take("a", kRate), Millis(1));
  clock.advance(Millis(1));
  EXPECT_EQ(limiter.take("a", kRate), Millis(0));
  int through = 0;
  for (int i = 0; i < 1000; ++i) {
    clock.advance(Millis(10));
    through += limiter.take("a", kRate) == Millis(0) ? 1 : 0;
  }
  EXPECT_EQ(through, 100);  // 10 s at 10 a second
}

TEST(RateLimiter, FillsUpToTheBurstOnly) {
  ManualClock clock;
  RateLimiter limiter(clock);
  limiter.take("a", kRate);
  clock.advance(Millis(3'600'000));
  int through = 0;
  while (limiter.take("a", kRate) == Millis(0)) ++through;
  EXPECT_EQ(through, 3);
}

TEST(RateLimiter, DoesNotLookAtTheWallClock) {
  ManualClock clock;
  RateLimiter limiter(clock);
  while (limiter.take("a", kRate) == Millis(0)) {
  }
  clock.jump_wall_clock(Millis(3'600'000));
  EXPECT_GT(limiter.wait_for("a", kRate), Millis(0));
  clock.jump_wall_clock(Millis(-7'200'000));
  clock.advance(Millis(100));
  EXPECT_EQ(limiter.take("a", kRate), Millis(0));
}

TEST(RateLimiter, ForgetsTheLongestUnusedKeyFirst) {
  ManualClock clock;
  RateLimiter limiter(clock);
  while (limiter.take("kept", kRate) == Millis(0)) {
  }
  for (std::size_t i = 0; i < 2 * RateLimiter::kMaxKeys; ++i) {
    limiter.take("key " + std::to_string(i), kRate);
    if (i % 1000 == 0) EXPECT_GT(limiter.take("kept", kRate), Millis(0)) << i;
  }
  EXPECT_EQ(limiter.size(), RateLimiter::kMaxKeys);
  EXPECT_FALSE(limiter.knows("key 0"));
}

}  // namespace
}  // namespace croft
