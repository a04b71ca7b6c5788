#include "keep/keep.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <stdexcept>

namespace croft {
namespace {

// keep() in a process of its own, around a shell that runs `script`; what the script writes to
// descriptor 3 is read line by line.
class Kept {
 public:
  explicit Kept(const std::string& script, KeepLimits limits = {},
                const std::function<void()>& helper = {}) {
    if (::pipe(pipe_) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(pipe_[1], 3);
      ::_exit(keep({"/bin/sh", "-c", script}, limits, helper));
    }
    ::close(pipe_[1]);
  }
  Kept(const Kept&) = delete;
  ~Kept() {
    ::close(pipe_[0]);
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  std::string line() {
    std::string text;
    for (char c = 0; ::read(pipe_[0], &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  void signal(int number) { ::kill(pid_, number); }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  int pipe_[2] = {-1, -1};
  pid_t pid_ = -1;
};

TEST(Keep, StartsAgainWhatWasKilled) {
  Kept kept("echo $$ >&3; exec sleep 600");
  const std::string first = kept.line();
  ::kill(std::stoi(first), SIGKILL);
  const std::string second = kept.line();
  ASSERT_FALSE(second.empty());
  EXPECT_NE(second, first);
  kept.signal(SIGTERM);
  EXPECT_EQ(kept.wait(), 128 + SIGTERM);
}

TEST(Keep, PassesSignalsOnAndGivesTheExitCodeOfWhatWasToldToStop) {
  Kept kept(
      "trap 'echo again >&3' HUP; trap 'exit 7' TERM; echo up >&3; while :; do sleep 0.01; done");
  EXPECT_EQ(kept.line(), "up");
  kept.signal(SIGHUP);
  EXPECT_EQ(kept.line(), "again");
  kept.signal(SIGTERM);
  EXPECT_EQ(kept.wait(), 7);
}

TEST(Keep, GivesUpOnWhatEndsAgainAndAgain) {
  Kept kept("echo run >&3; exit 5", {.early_ends = 3, .pause = std::chrono::milliseconds(1)});
  EXPECT_EQ(kept.wait(), 5);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(kept.line(), "run");
  EXPECT_EQ(kept.line(), "");
}

TEST(Keep, WhatRanForAWhileIsStartedAgainWhateverWasBefore) {
  Kept kept("echo run >&3; exit 5",
            {.early_ends = 1, .soon = std::chrono::milliseconds(0), .pause = {}});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(kept.line(), "run");
}

TEST(Keep, KeepsTheHelperToo) {
  const auto helper = [] {
    ::dprintf(3, "%d\n", ::getpid());
    for (;;) ::pause();
  };
  Kept kept("exec sleep 600", {.pause = std::chrono::milliseconds(1)}, helper);
  const std::string first = kept.line();
  ::kill(std::stoi(first), SIGKILL);
  const std::string second = kept.line();
  ASSERT_FALSE(second.empty());
  EXPECT_NE(second, first);
  kept.signal(SIGTERM);
  EXPECT_EQ(kept.wait(), 128 + SIGTERM);
  EXPECT_EQ(kept.line(), "") << "it ended with the program";
}

TEST(Keep, AHelperThatEndsAgainAndAgainHoldsNothingUp) {
  const auto helper = [] { ::dprintf(3, "helper\n"); };
  Kept kept("while [ ! -e /nowhere ]; do sleep 0.02; done; exit 0", {}, helper);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(kept.line(), "helper");
  kept.signal(SIGTERM);
  EXPECT_EQ(kept.wait(), 128 + SIGTERM);
}

TEST(Keep, StopsWhileItWaitsToStartAgain) {
  Kept kept("echo run >&3; exit 5", {.pause = std::chrono::minutes(10)});
  EXPECT_EQ(kept.line(), "run");
  kept.signal(SIGTERM);
  const int code = kept.wait();
  EXPECT_TRUE(code == 5 || code == 128 + SIGTERM) << code;
}

}  // namespace
}  // namespace croft
