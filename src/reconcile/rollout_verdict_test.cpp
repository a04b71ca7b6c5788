#include "reconcile/rollout_verdict.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

using State = RolloutVerdict::State;

InstanceView ready() {
  return {.running = true, .health = InstanceState::kReady};
}

TEST(RolloutVerdict, IsReadyOnlyWithAllInstances) {
  EXPECT_EQ(judge_rollout({ready()}, 2, 0).state, State::kWaiting);
  EXPECT_EQ(judge_rollout({ready(), ready()}, 2, 0).state, State::kReady);
  EXPECT_EQ(judge_rollout({}, 1, 0).state, State::kWaiting);
  const InstanceView starting{
      .running = true, .health = InstanceState::kStarting, .detail = "GET / answered 503"};
  EXPECT_EQ(judge_rollout({ready(), starting}, 2, 0).detail, "GET / answered 503");
}

TEST(RolloutVerdict, OneThatEndedFailsTheWholeWithStepCodeAndLastLines) {
  InstanceView ended{.exit_code = 3};
  ended.exit_report = ExitReport{.step = "initCommands[0]",
                                 .exit_code = 3,
                                 .reason = "exited with 3",
                                 .last_lines = {"no such table"}};
  const RolloutVerdict verdict = judge_rollout({ready(), ended}, 2, 0);
  ASSERT_EQ(verdict.state, State::kFailed);
  EXPECT_EQ(verdict.failure.step, "initCommands[0]");
  EXPECT_EQ(verdict.failure.exit_code, 3);
  EXPECT_EQ(verdict.failure.last_lines, std::vector<std::string>{"no such table"});
}

TEST(RolloutVerdict, AReadinessCheckHasNoExitCode) {
  InstanceView ended{.exit_code = 1};
  ended.exit_report = ExitReport{.step = "readiness", .exit_code = 1, .last_lines = {"listening"}};
  const ProcessError error = explain_exit(ended, 0);
  EXPECT_EQ(error.exit_code, std::nullopt);
  EXPECT_EQ(error.last_lines, std::vector<std::string>{"listening"});
}

TEST(RolloutVerdict, NamesMemoryWhenThatWasTheReason) {
  InstanceView ended{.exit_code = 137, .oom_killed = true};
  const RolloutVerdict verdict = judge_rollout({ended}, 1, 64LL << 20);
  EXPECT_NE(verdict.failure.message.find("out of memory"), std::string::npos);
  EXPECT_NE(verdict.failure.message.find("64 MiB"), std::string::npos);
}

TEST(RolloutVerdict, NamesTheDiskWhenThatWasTheReason) {
  const InstanceView ended{.exit_code = 143, .disk_full = true};
  const RolloutVerdict verdict = judge_rollout({ended}, 1, 0);
  ASSERT_EQ(verdict.state, State::kFailed);
  EXPECT_NE(verdict.failure.message.find("container_disk_bytes"), std::string::npos);
  EXPECT_EQ(verdict.failure.exit_code, 143);
}

TEST(RolloutVerdict, TellsWhatTheEngineRefused) {
  const InstanceView refused{.rejected = "No such image"};
  const RolloutVerdict verdict = judge_rollout({refused}, 1, 0);
  ASSERT_EQ(verdict.state, State::kFailed);
  EXPECT_NE(verdict.failure.message.find("No such image"), std::string::npos);
}

}  // namespace
}  // namespace croft
