// Crontab lines on a clock that the test turns; the jobs are real processes.
#include "init/cron_runner.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

namespace croft::init {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

class CronRunnerTest : public testing::Test {
 protected:
  CronRunnerTest() {
    char name[] = "/tmp/croft_cron_XXXXXX";
    dir_ = ::mkdtemp(name);
    config_.workdir = dir_;
  }
  ~CronRunnerTest() override { std::filesystem::remove_all(dir_); }

  void add(std::string timing, std::string command, bool all) {
    config_.crontab.push_back(
        {.timing = std::move(timing), .command = std::move(command), .all_containers = all});
  }
  void start() {
    runner_ = std::make_unique<CronRunner>(context_, config_, [this] { return leader_; });
  }
  // Lets the clock reach the next full minute, and jobs that this starts end.
  void next_minute() {
    const std::int64_t now_ms = clock_.now().ms;
    const std::int64_t target_ms = (now_ms / kMinuteMs + 1) * kMinuteMs;
    for (int half = 0; half < 2; ++half) {
      clock_.advance(Millis((target_ms - now_ms) / 2));
      loop_.turn(Millis(0));
    }
    clock_.advance(Millis(target_ms - clock_.now().ms));
    loop_.turn(Millis(0));
  }
  // Waits for `count` jobs to end.
  void jobs_end(int count) {
    for (int i = 0; i < count; ++i) {
      siginfo_t info{};
      ASSERT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
      reaper_.reap();
    }
  }
  std::string content(const char* file) const {
    auto text = read_file(dir_ / file);
    return text ? *text : "";
  }

  std::filesystem::path dir_;
  ManualClock clock_{{1'700'000'010'000}};
  Loop loop_{clock_};
  Reaper reaper_;
  Output output_{loop_, STDOUT_FILENO, STDERR_FILENO};
  InitConfig config_;
  ChildContext context_{
      loop_,
      reaper_,
      output_,
      User{::getpwuid(::geteuid())->pw_name, ::geteuid(), ::getegid(), {::getegid()}, "/"},
      {{"PATH", "/usr/bin:/bin"}}};
  bool leader_ = false;
  std::unique_ptr<CronRunner> runner_;
};

TEST_F(CronRunnerTest, RunsWhatIsDueOnceAMinute) {
  add("* * * * *", "echo run >> every", true);
  add("17 3 1 1 *", "echo run >> rare", true);
  start();
  EXPECT_EQ(content("every"), "");
  next_minute();
  jobs_end(1);
  EXPECT_EQ(content("every"), "run\n");
  clock_.jump_wall_clock(Millis(-kMinuteMs));  // a clock that is set back repeats nothing
  next_minute();
  next_minute();
  jobs_end(1);
  EXPECT_EQ(content("every"), "run\nrun\n");
  EXPECT_EQ(content("rare"), "");
}

TEST_F(CronRunnerTest, AClockThatIsSetBackFarStartsAnew) {
  add("* * * * *", "echo run >> every", true);
  start();
  clock_.jump_wall_clock(Millis(-365ll * 24 * 3'600'000));
  next_minute();
  jobs_end(1);
  EXPECT_EQ(content("every"), "run\n");
  next_minute();
  jobs_end(1);
  EXPECT_EQ(content("every"), "run\nrun\n");
}

TEST_F(CronRunnerTest, OnlyTheLeaderRunsLinesThatAreNotForAll) {
  add("* * * * *", "echo run >> one", false);
  start();
  next_minute();
  EXPECT_EQ(content("one"), "");
  leader_ = true;
  next_minute();
  jobs_end(1);
  EXPECT_EQ(content("one"), "run\n");
}

TEST_F(CronRunnerTest, DoesNotStartAJobThatStillRuns) {
  ASSERT_EQ(::mkfifo((dir_ / "gate").c_str(), 0600), 0);
  add("* * * * *", "echo run >> slow; read line < gate", true);
  start();
  next_minute();
  next_minute();
  const Fd gate(::open((dir_ / "gate").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::write(gate.get(), "go\n", 3), 3);
  jobs_end(1);
  EXPECT_EQ(content("slow"), "run\n");
}

TEST_F(CronRunnerTest, StopEndsJobs) {
  add("* * * * *", "exec sleep 60", true);
  start();
  next_minute();
  runner_->stop(SIGTERM);
  jobs_end(1);
  next_minute();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no job was started after stop()";
}

}  // namespace
}  // namespace croft::init
