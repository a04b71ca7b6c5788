// From configuration to exit code: environment, init commands, ends, signals, drain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "harness.h"

namespace croft::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(InitLifecycle, PassesOutputAndExitCode) {
  InitRun run;
  run.start(config_for("printf 'a\\000b\\377'; printf 'e\\nf\\n' >&2; exit 7"));
  EXPECT_EQ(run.wait(), 7);
  EXPECT_EQ(run.output(), std::string("a\0b\xFF", 4));
  EXPECT_THAT(run.errors(), HasSubstr("e\nf\ncroft-init: start: ended with exit code 7\n"));
  const ExitReport report = run.report();
  EXPECT_EQ(report.step, "start");
  EXPECT_EQ(report.exit_code, 7);
  EXPECT_THAT(report.last_lines, testing::IsSupersetOf({"e", "f"}));
}

TEST(InitLifecycle, PassesLotsOfOutputWhole) {
  InitRun run;
  run.start(config_for("head -c 3000000 /dev/zero | tr '\\0' x; exit 3"));
  EXPECT_EQ(run.wait(), 3);
  EXPECT_EQ(run.output(), std::string(3'000'000, 'x'));
}

TEST(InitLifecycle, GivesTheEnvironmentByteForByte) {
  InitRun run;
  InitConfig config = config_for("env -0");
  const std::string value = "a$b ${HOME} `id` \"q\" 'p' \\ \n\tž€😀 %%X%% ";
  config.env = {{"VALUE", value}, {"EMPTY", ""}};
  ::setenv("ENGINE_SECRET", "x", 1);
  run.start(config);
  EXPECT_EQ(run.wait(), 0);
  const std::string env = std::string(1, '\0') + run.output();
  EXPECT_THAT(env, HasSubstr(std::string(1, '\0') + "VALUE=" + value + std::string(1, '\0')));
  EXPECT_THAT(env, HasSubstr(std::string(1, '\0') + "EMPTY=" + std::string(1, '\0')));
  EXPECT_THAT(env, HasSubstr("LANG=C.UTF-8"));
  EXPECT_THAT(env, testing::Not(HasSubstr("ENGINE_SECRET")));
}

TEST(InitLifecycle, PreparesInOrder) {
  InitRun run;
  InitConfig config = config_for("cat made.txt conf.txt; exit 4");
  config.workdir = run.dir();
  config.env = {{"K", "v"}};
  config.files = {{(run.dir() / "conf.txt").string(), "[@K@]", 0600}};
  config.env_replace = {{{"conf.txt"}, {"@"}}};
  config.init_commands = {"echo one > made.txt", "echo two >> made.txt; cat conf.txt"};
  config.processes[0].init_commands = {"echo three >> made.txt"};
  run.start(config);
  EXPECT_EQ(run.wait(), 4);
  EXPECT_EQ(run.output(), "[v]one\ntwo\nthree\n[v]");
}

TEST(InitLifecycle, AnInitCommandThatFailsEndsTheContainer) {
  InitRun run;
  InitConfig config = config_for("touch started");
  config.workdir = run.dir();
  config.init_commands = {"true", "echo why; exit 5", "touch third"};
  run.start(config);
  EXPECT_EQ(run.wait(), 5);
  EXPECT_FALSE(std::filesystem::exists(run.dir() / "started"));
  EXPECT_FALSE(std::filesystem::exists(run.dir() / "third"));
  const ExitReport report = run.report();
  EXPECT_EQ(report.step, "initCommands[1]");
  EXPECT_EQ(report.command, "echo why; exit 5");
  EXPECT_EQ(report.exit_code, 5);
  EXPECT_THAT(report.last_lines, ElementsAre("why"));
}

TEST(InitLifecycle, WhatCannotBeStartedIsNamed) {
  InitRun run;
  InitConfig config = config_for("x");
  config.processes = {{.name = "web", .argv = {"/nowhere/program"}}};
  run.start(config);
  EXPECT_EQ(run.wait(), 1);
  EXPECT_EQ(run.report().step, "start:web");
  EXPECT_THAT(run.report().reason, HasSubstr("/nowhere/program"));
  InitRun other;
  config = config_for("true");
  config.workdir = "/nowhere";
  other.start(config);
  EXPECT_EQ(other.wait(), 1);
  EXPECT_THAT(other.report().reason, HasSubstr("/nowhere"));
}

TEST(InitLifecycle, ABrokenConfigurationEndsWith78) {
  for (const char* text : {"", "{", "{\"user\":5}", "{\"user\":\"no such user\"}"}) {
    InitRun run;
    run.start_text(text);
    EXPECT_EQ(run.wait(), 78) << text;
    EXPECT_EQ(run.report().step, "config");
    EXPECT_THAT(run.errors(), testing::StartsWith("croft-init: "));
  }
}

TEST(InitLifecycle, OneProcessEndsAllEnd) {
  InitRun run;
  InitConfig config = config_for("");
  config.workdir = run.dir();
  config.processes = {
      {.name = "stays",
       .command = "trap 'touch told; exit 0' TERM; "
                  "touch up; while :; do sleep 0.05; done"},
      {.name = "ends", .command = "while [ ! -e up ]; do sleep 0.05; done; kill -9 $$"}};
  run.start(config);
  EXPECT_EQ(run.wait(), 137);
  EXPECT_EQ(run.report().step, "start:ends");
  EXPECT_THAT(run.report().reason, HasSubstr("SIGKILL"));
  EXPECT_TRUE(std::filesystem::exists(run.dir() / "told"));
}

TEST(InitLifecycle, DrainsBeforeItStops) {
  InitRun run;
  InitConfig config = config_for("trap 'echo told; exit 0' TERM; while :; do sleep 0.02; done");
  config.drain_delay_ms = 1200;
  run.start(config);
  ASSERT_TRUE(run.reaches(InstanceState::kReady));
  const SystemClock clock;
  const Millis before = clock.steady();
  run.signal(SIGTERM);
  ASSERT_TRUE(run.reaches(InstanceState::kDraining, Millis(600)));
  EXPECT_EQ(run.output(), "");
  EXPECT_EQ(run.wait(), 0);
  const Millis took = clock.steady() - before;
  EXPECT_GE(took, Millis(1200));
  EXPECT_LT(took, Millis(4000));
  EXPECT_EQ(run.output(), "told\n");
  EXPECT_EQ(run.report().step, "stop");
}

TEST(InitLifecycle, ASecondSignalSkipsTheDrain) {
  InitRun run;
  InitConfig config = config_for("exec sleep 60");
  config.drain_delay_ms = 30'000;
  run.start(config);
  ASSERT_TRUE(run.reaches(InstanceState::kReady));
  run.signal(SIGTERM);
  ASSERT_TRUE(run.reaches(InstanceState::kDraining));
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(Millis(5000)), 0);
}

TEST(InitLifecycle, KillsWhatDoesNotStop) {
  InitRun run;
  InitConfig config = config_for("trap '' TERM; while :; do sleep 0.1; done");
  config.stop_timeout_s = 1;
  run.start(config);
  ASSERT_TRUE(run.reaches(InstanceState::kReady));
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(Millis(8000)), 137);
  EXPECT_THAT(run.report().reason, HasSubstr("did not end within 1 s"));
}

TEST(InitLifecycle, WaitsForWhatAShellLeftInItsGroup) {
  InitRun run;
  InitConfig config = config_for(
      "(trap 'sleep 0.5; touch finished; exit 0' TERM; touch up; while :; do sleep 0.05; done) & "
      "wait");
  config.workdir = run.dir();
  run.start(config);
  ASSERT_TRUE(InitRun::eventually([&] { return std::filesystem::exists(run.dir() / "up"); }));
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(), 0);
  EXPECT_TRUE(std::filesystem::exists(run.dir() / "finished"));
}

TEST(InitLifecycle, SendsTheConfiguredSignalAndForwardsOthers) {
  InitRun run;
  InitConfig config = config_for(
      "trap 'echo int; exit 3' INT; trap 'echo hup' HUP; touch up; while :; do sleep 0.02; done");
  config.workdir = run.dir();
  config.stop_signal = "SIGINT";
  run.start(config);
  ASSERT_TRUE(InitRun::eventually([&] { return std::filesystem::exists(run.dir() / "up"); }));
  run.signal(SIGHUP);
  ASSERT_TRUE(InitRun::eventually([&] { return run.output() == "hup\n"; }));
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(), 3);
  EXPECT_EQ(run.output(), "hup\nint\n");
}

TEST(InitLifecycle, StopsDuringAnInitCommand) {
  InitRun run;
  InitConfig config = config_for("touch started");
  config.workdir = run.dir();
  config.init_commands = {"touch begun; exec sleep 60"};
  config.drain_delay_ms = 30'000;
  run.start(config);
  ASSERT_TRUE(InitRun::eventually([&] { return std::filesystem::exists(run.dir() / "begun"); }));
  EXPECT_EQ(run.health().state, InstanceState::kInitializing);
  EXPECT_THAT(run.health().detail, HasSubstr("initCommands[0]"));
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(Millis(5000)), 143);
  EXPECT_EQ(run.report().step, "stop");
  EXPECT_FALSE(std::filesystem::exists(run.dir() / "started"));
}

TEST(InitLifecycle, RunsAsTheUserWithAWritableStandardOutput) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  InitRun run;
  InitConfig config =
      config_for("id -un; id -G | wc -w; echo reopened > /dev/stdout; cat $CONFIG; exit 0");
  config.user = "nobody";
  config.env = {{"CONFIG", (run.dir() / "init.json").string()}};
  run.start(config);
  EXPECT_EQ(run.wait(), 0);
  EXPECT_EQ(run.output(), "nobody\n1\nreopened\n");
  EXPECT_THAT(run.errors(), HasSubstr("Permission denied"));
}

TEST(InitLifecycle, AStartCommandRunsAsItsOwnUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  InitRun run;
  InitConfig config = config_for("true");
  config.processes = {{.name = "web", .command = "sleep 30"},
                      {.name = "own",
                       .command = "echo run $(id -un) $USER $HOME; echo own > /dev/stdout; exit 3",
                       .init_commands = {"echo init $(id -un)"},
                       .user = "daemon"}};
  run.start(config);
  EXPECT_EQ(run.wait(), 3);
  EXPECT_EQ(run.output(), "init daemon\nrun daemon daemon /usr/sbin\nown\n");
  EXPECT_EQ(run.report().step, "start:own");

  InitRun by_uid;
  config.processes = {{.command = "id -u; id -g; echo $HOME", .user = "4711"}};
  config.env = {{"HOME", "/srv"}};
  by_uid.start(config);
  by_uid.wait();
  EXPECT_EQ(by_uid.output(), "4711\n4711\n/srv\n");

  InitRun nobody;
  config.processes = {{.name = "own", .command = "true", .user = "nosuchuser"}};
  nobody.start(config);
  EXPECT_EQ(nobody.wait(), 1);
  EXPECT_EQ(nobody.report().step, "start:own");
  EXPECT_THAT(nobody.report().reason, HasSubstr("nosuchuser"));
}

TEST(InitLifecycle, ExecRunsWithTheEnvironmentOfTheService) {
  InitRun run;
  InitConfig config = config_for("true");
  config.env = {{"K", "a b"}};
  config.workdir = run.dir();
  ASSERT_TRUE(write_file_atomically(run.dir() / "c.json", to_json_text(config)));
  const std::string path = run.dir() / "c.json";
  const Ran ran = test::run({CROFT_INIT_PROGRAM, "exec", "--config", path, "--", "/bin/sh", "-c",
                             "pwd; echo \"$K\" \"$SECRET\"; exit 9"},
                            {{"SECRET", "engine"}});
  EXPECT_EQ(ran.output, run.dir().string() + "\na b \n");
  EXPECT_EQ(ran.exit_code, 9);
  EXPECT_EQ(test::run({CROFT_INIT_PROGRAM, "exec", "--config", path, "--", "nosuch"}).exit_code,
            127);
}

}  // namespace
}  // namespace croft::test
