#include "plan/rotation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace croft {
namespace {

using Candidates = std::vector<RotationCandidate>;
using D = InstanceDuty;
using S = InstanceState;

TEST(Rotation, ReadyWithDutyServeOnly) {
  EXPECT_EQ(choose_rotation({{"a", D::kServe, S::kReady, false},
                             {"b", D::kHold, S::kReady, true},
                             {"c", D::kDrain, S::kReady, true},
                             {"d", D::kServe, S::kUnhealthy, true},
                             {"e", D::kServe, S::kUnknown, true}}),
            (std::vector<bool>{true, false, false, false, false}));
}

TEST(Rotation, TheLastOnesThatAnswerStayWhenNobodyIsReady) {
  EXPECT_EQ(choose_rotation({{"a", D::kServe, S::kUnhealthy, true},
                             {"b", D::kServe, S::kUnhealthy, false},
                             {"c", D::kServe, S::kUnknown, true}}),
            (std::vector<bool>{true, false, false}));
}

TEST(Rotation, ARestartedCoreTakesWhoAnswers) {
  EXPECT_EQ(choose_rotation({{"a", D::kServe, S::kUnhealthy, false},
                             {"b", D::kServe, S::kStarting, false},
                             {"c", D::kDrain, S::kUnhealthy, true}}),
            (std::vector<bool>{true, false, false}));
}

TEST(Rotation, OneThatStopsNeverStays) {
  for (const S state : {S::kDraining, S::kFailed, S::kUnknown, S::kStarting, S::kInitializing}) {
    EXPECT_EQ(choose_rotation({{"a", D::kServe, state, true}}), std::vector<bool>{false});
  }
}

Candidates random_candidates(SeededRandom& random) {
  Candidates all(random.below(6));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = {std::string(1, static_cast<char>('a' + random.below(20))) + std::to_string(i),
              static_cast<D>(random.below(3)), static_cast<S>(random.below(7)),
              random.below(2) == 0};
  }
  return all;
}

// What holds for every input, over many drawn ones.
TEST(Rotation, Properties) {
  SeededRandom random(7);
  for (int round = 0; round < 20'000; ++round) {
    const Candidates all = random_candidates(random);
    const std::vector<bool> chosen = choose_rotation(all);
    ASSERT_EQ(chosen.size(), all.size());
    bool any_ready = false;
    bool any_answers = false;
    bool any_chosen = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool serves = all[i].duty == D::kServe;
      any_ready |= serves && all[i].state == S::kReady;
      any_answers |= serves && (all[i].state == S::kReady || all[i].state == S::kUnhealthy);
      any_chosen |= chosen[i];
      if (chosen[i]) {
        ASSERT_TRUE(serves);
        ASSERT_TRUE(all[i].state == S::kReady || all[i].state == S::kUnhealthy);
      } else {
        ASSERT_FALSE(serves && all[i].state == S::kReady);
      }
    }
    ASSERT_EQ(any_chosen, any_answers) << "never empty while somebody answers";
    for (std::size_t i = 0; any_ready && i < all.size(); ++i) {
      ASSERT_EQ(chosen[i], all[i].duty == D::kServe && all[i].state == S::kReady);
    }
    // Deciding again on its own outcome changes nothing.
    Candidates again = all;
    for (std::size_t i = 0; i < all.size(); ++i) again[i].in_rotation = chosen[i];
    ASSERT_EQ(choose_rotation(again), chosen);
  }
}

TEST(Leader, StaysWhileReadyThenFirstById) {
  Candidates all = {{"c", D::kServe, S::kReady, true},
                    {"a", D::kServe, S::kStarting, false},
                    {"b", D::kServe, S::kReady, true}};
  EXPECT_EQ(choose_leader(all, ""), "b");
  EXPECT_EQ(choose_leader(all, "c"), "c");
  all[1].state = S::kReady;
  EXPECT_EQ(choose_leader(all, "b"), "b") << "a smaller id does not take over";
  all[2].duty = D::kDrain;
  EXPECT_EQ(choose_leader(all, "b"), "a");
  EXPECT_EQ(choose_leader({}, "b"), "");
}

}  // namespace
}  // namespace croft
