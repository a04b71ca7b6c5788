#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/fake_server_test.h"

namespace croft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ExecTest : public ::testing::Test {
 protected:
  ExecTest() {
    sandbox.log_in(server);
    server.on("GET /projects/shop/services/api", service_json("api"));
    // Echoes input; at its end says so on standard error and exits with 7.
    server.on_exec([](const std::string& message) -> std::vector<std::string> {
      const std::string payload = message.substr(1);
      if (message[0] == '\0') return {"\x01" + payload};
      if (payload.find("eof") != std::string::npos) {
        return {
            "\x02"
            "done\n",
            "\x03{\"exit_code\":7}"};
      }
      return {};
    });
    int ends[2] = {};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reading = Fd(ends[0]);
    writing = Fd(ends[1]);
    sandbox.io.in_fd = reading.get();
  }

  FakeServer server;
  Sandbox sandbox;
  Fd reading;
  Fd writing;
};

TEST_F(ExecTest, PassesInputOutputAndExitCode) {
  ASSERT_EQ(::write(writing.get(), "hello\n", 6), 6);
  writing.reset();
  const Ran run = sandbox.run({"exec", "shop/api", "--", "cat", "-n"});
  EXPECT_EQ(run.exit, 7);
  EXPECT_EQ(run.out, "hello\n");
  EXPECT_EQ(run.err, "done\n");
  const FakeRequest request = server.last("GET /projects/shop/services/api/exec");
  EXPECT_THAT(request.commands, ElementsAre("cat", "-n"));
  EXPECT_EQ(request.query.at("tty"), "false");
}

TEST_F(ExecTest, AFileAsInputArrivesWhole) {
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += "line " + std::to_string(i) + "\n";
  sandbox.write("input", content);
  const Fd file(::open(sandbox.path("input").c_str(), O_RDONLY | O_CLOEXEC));
  sandbox.io.in_fd = file.get();
  const Ran run = sandbox.run({"exec", "shop/api", "--", "cat"});
  EXPECT_EQ(run.exit, 7);
  EXPECT_EQ(run.out, content);
}

TEST_F(ExecTest, WithoutInputItEndsAtOnce) {
  EXPECT_EQ(sandbox.run({"exec", "shop/api", "--no-stdin", "--", "true"}).exit, 7);
}

TEST_F(ExecTest, ACommandThatEndsFirstDoesNotWaitForInput) {
  server.on_exec(
      [](const std::string&) -> std::vector<std::string> { return {"\x03{\"exit_code\":0}"}; });
  ASSERT_EQ(::write(writing.get(), "x", 1), 1);  // and the pipe stays open
  EXPECT_EQ(sandbox.run({"exec", "shop/api", "--", "true"}).exit, 0);
}

TEST_F(ExecTest, ABrokenConnectionIsExit8) {
  server.on_exec([](const std::string&) -> std::vector<std::string> { return {""}; });
  writing.reset();
  const Ran run = sandbox.run({"exec", "shop/api", "--", "cat"});
  EXPECT_EQ(run.exit, 8);
  EXPECT_THAT(run.err, HasSubstr("connection to the command broke"));
}

TEST_F(ExecTest, ARefusalKeepsItsReason) {
  server.on("GET /projects/shop/services/api/exec", [](const FakeRequest&) {
    return problem(409, "conflict", "instance api-9: not ready yet");
  });
  const Ran run = sandbox.run({"exec", "shop/api", "-i", "api-9", "--", "cat"});
  EXPECT_EQ(run.exit, 5);
  EXPECT_THAT(run.err, ::testing::StartsWith("error: instance api-9: not ready yet\n"));
}

TEST_F(ExecTest, ATerminalThatIsNotThereIsAUsageFailure) {
  EXPECT_EQ(sandbox.run({"exec", "--tty", "shop/api", "--", "sh"}).exit, 2);
}

}  // namespace
}  // namespace croft::cli
