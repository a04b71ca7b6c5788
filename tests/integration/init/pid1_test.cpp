// croft-init as a true PID 1, and as a subreaper.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "harness.h"

namespace croft::test {
namespace {

using testing::HasSubstr;

// A program built with sanitizers needs their memory too.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int kMaxResidentKb = 100'000;
#else
constexpr int kMaxResidentKb = 5000;
#endif

const std::vector<std::string> kOwnPidNamespace = {"unshare", "--pid", "--fork", "--mount-proc",
                                                   "--kill-child"};
// Leaves an orphan that ends at once, then says how many zombies there are.
const char* const kOrphans =
    "for i in 1 2 3; do sh -c '(sleep 0.1; exit 3) & (sleep 0.1) &'; done; sleep 0.6; "
    "for p in /proc/[0-9]*; do grep -h '^State:.*Z' $p/status 2>/dev/null; done | wc -l; ";

class InitPid1 : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for a PID namespace";
  }
};

TEST_F(InitPid1, ReapsOrphansAndKeepsTheExitCode) {
  InitRun run;
  run.start(config_for(std::string(kOrphans) + "echo parent $PPID; exit 6"), kOwnPidNamespace);
  EXPECT_EQ(run.wait(), 6);
  EXPECT_EQ(run.output(), "0\nparent 1\n");
}

TEST_F(InitPid1, StopsOnASignalFromOutside) {
  InitRun run;
  InitConfig config = config_for("trap 'echo told; exit 0' TERM; while :; do sleep 0.02; done");
  run.start(config, kOwnPidNamespace);
  ASSERT_TRUE(run.reaches(InstanceState::kReady));
  // The child of unshare is PID 1 of the namespace.
  const std::string children = *read_file("/proc/" + std::to_string(run.pid()) + "/task/" +
                                          std::to_string(run.pid()) + "/children");
  ASSERT_FALSE(children.empty());
  const pid_t init = std::stoi(children);
  const std::string status = *read_file("/proc/" + std::to_string(init) + "/status");
  const auto rss = status.find("VmRSS:");
  ASSERT_NE(rss, std::string::npos);
  EXPECT_LT(std::stoi(status.substr(rss + 6)), kMaxResidentKb) << "kB resident";
  ::kill(init, SIGTERM);
  EXPECT_EQ(run.wait(), 0);
  EXPECT_EQ(run.output(), "told\n");
}

TEST(InitSubreaper, ReapsOrphansAlsoWhenItIsNotPid1) {
  InitRun run;
  run.start(
      config_for("sh -c '(sleep 0.1; exit 3) &'; sleep 0.5; "
                 "for s in /proc/[0-9]*/status; do grep -l \"^PPid:.$PPID$\" $s 2>/dev/null | "
                 "xargs -r grep -h '^State:.*Z'; done | wc -l; exit 0"));
  EXPECT_EQ(run.wait(), 0);
  EXPECT_EQ(run.output(), "0\n");
}

}  // namespace
}  // namespace croft::test
