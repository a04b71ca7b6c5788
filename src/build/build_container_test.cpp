// What is told about a command that failed, against the engine in memory.
#include "build/build_container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/fake/drive.h"
#include "engine/fake/fake_engine.h"

namespace croft::build {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class BuildContainerTest : public testing::Test {
 protected:
  // The failure of a command that prints this and exits with `exit_code`.
  StepFailure failed(const std::string& output) {
    cluster.add_image(cluster.first_node_id, "base:1", {});
    cluster.behaviour.exec = [this, output](const engine::ContainerSettings& had,
                                            const engine::ExecSpec& e) {
      settings = had;
      // croft's own look at the memory of the container finds nothing.
      if (e.command.front() == "cat") return engine::FakeExec{.exit_code = 1};
      return engine::FakeExec{.output = {{engine::OutputSource::kStderr, output}},
                              .exit_code = exit_code};
    };
    BuildTrace trace;
    EXPECT_TRUE(run_on_virtual_time(runtime, clock, cluster, run(trace))) << "it hangs";
    EXPECT_TRUE(trace.failure);
    return trace.failure.value_or(StepFailure{});
  }
  Task<void> run(BuildTrace& trace) {
    BuildContainer container(
        engine,
        {.name = "croft-x-build-1",
         .image = "base:1",
         .network_mode = "none",
         .host = {.env = {{"PIP_INDEX_URL", "http://mirror.example.org/simple"}}}},
        trace);
    const Status started = co_await container.start();
    EXPECT_TRUE(started) << started.error().describe();
    BuildCommand command{.step = "buildCommands[1]",
                         .argv = shell_line("pip install flask"),
                         .text = "pip install flask"};
    const Status done = co_await container.run(std::move(command));
    EXPECT_FALSE(done);
    if (!done) EXPECT_EQ(done.error().code(), ErrorCode::kDeployFailed);
    message = done ? "" : done.error().message();
    co_await container.remove();
  }

  Runtime runtime;
  ManualClock clock;
  engine::FakeCluster cluster{clock, 3};
  engine::FakeEngine engine{cluster};
  engine::ContainerSettings settings;  // of the container that a command ran in
  int exit_code = 1;
  std::string message;
};

TEST_F(BuildContainerTest, AContainerThatWasKilledIsSaidToBe) {
  exit_code = 137;
  EXPECT_EQ(failed("").reason, "ended with exit code 137") << "the command alone";
  // The engine knows of the container's end later than of the command's.
  cluster.behaviour.process = [](const engine::ContainerSettings&) {
    return engine::FakeProcess{.exits_after = Millis(100), .exit_code = 137};
  };
  EXPECT_THAT(failed("").reason, HasSubstr("container_disk_bytes"));
}

TEST_F(BuildContainerTest, WhatItMayTakeIsLimited) {
  failed("nothing\n");
  EXPECT_GT(settings.resources.nano_cpus, 0);
  EXPECT_GT(settings.resources.memory_bytes, 0);
  EXPECT_GT(settings.resources.pids, 0);
  EXPECT_EQ(settings.log.options["max-size"], "1m") << "its first process may be made to print";
  EXPECT_TRUE(settings.mounts.empty());
  EXPECT_TRUE(settings.capabilities_add.empty());
}

TEST_F(BuildContainerTest, ARegistryThatCannotBeReachedIsNamed) {
  const StepFailure failure = failed(
      "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError("
      "'<pip._vendor.urllib3.connection.HTTPConnection object at 0x7f>: Failed to establish a new "
      "connection: [Errno 111] Connection refused')': /simple/flask/\n"
      "ERROR: No matching distribution found for flask\n");
  EXPECT_EQ(failure.step, "buildCommands[1]");
  EXPECT_EQ(failure.exit_code, 1);
  EXPECT_THAT(failure.reason,
              AllOf(HasSubstr("exit code 1"), HasSubstr("mirror.example.org cannot be reached"),
                    HasSubstr("PIP_INDEX_URL")));
  EXPECT_THAT(message, HasSubstr("mirror.example.org"));
}

TEST_F(BuildContainerTest, AnotherFailureIsNotBlamedOnARegistry) {
  const StepFailure failure = failed("error TS2304: Cannot find name 'x'.\n");
  EXPECT_EQ(failure.reason, "ended with exit code 1");
  EXPECT_THAT(failure.reason, Not(HasSubstr("reached")));
}

}  // namespace
}  // namespace croft::build
