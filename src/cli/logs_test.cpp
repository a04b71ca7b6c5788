#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/fake_server_test.h"

namespace croft::cli {
namespace {

using ::testing::HasSubstr;

std::string line(const std::string& id, const std::string& text) {
  return R"({"id":")" + id +
         R"(","ts":"2026-11-21T08:00:00Z","service":"api","instance":"api-1",)" +
         R"("stream":"stdout","line":")" + text + "\"}\n";
}

class LogsTest : public ::testing::Test {
 protected:
  LogsTest() {
    sandbox.log_in(server);
    sandbox.io.env["CROFT_PROJECT"] = "shop";
    server.on("GET /projects/shop/services/api", service_json("api"));
    server.on(kLogs, line("1", "one") + "\n" + line("2", R"(\u001b[31mred\u001b[0m\u0007)"));
  }

  const std::string kLogs = "GET /projects/shop/services/api/logs";
  FakeServer server;
  Sandbox sandbox;
};

TEST_F(LogsTest, PipedLinesHaveNoControlCharacters) {
  const Ran run = sandbox.run({"logs", "api"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, "api-1 | one\napi-1 | red^G\n");
}

TEST_F(LogsTest, OnATerminalColoursStay) {
  sandbox.io.out_is_terminal = true;
  EXPECT_THAT(sandbox.run({"logs", "api"}).out, HasSubstr("\x1b[31mred\x1b[0m^G"));
}

TEST_F(LogsTest, JsonIsTheServersLine) {
  EXPECT_THAT(sandbox.run({"logs", "api", "--json"}).out,
              HasSubstr(R"("line":"\u001b[31mred\u001b[0m\u0007"})"));
}

TEST_F(LogsTest, OptionsBecomeTheQuery) {
  EXPECT_EQ(sandbox
                .run({"logs", "api", "-n", "7", "--since", "5m", "--grep", "a b", "-i", "api-2",
                      "--build"})
                .exit,
            0);
  const auto query = server.last(kLogs).query;
  EXPECT_EQ(query, (std::map<std::string, std::string>{{"limit", "7"},
                                                       {"since", "5m"},
                                                       {"grep", "a b"},
                                                       {"instance", "api-2"},
                                                       {"build", "true"}}));
  EXPECT_EQ(sandbox.run({"logs", "api", "--since", "yesterday"}).exit, 2);
  EXPECT_EQ(sandbox.run({"logs", "--build"}).exit, 2);
}

TEST_F(LogsTest, WithoutAServiceLinesOfTheProject) {
  server.on("GET /projects/shop/logs", line("1", "one"));
  EXPECT_EQ(sandbox.run({"logs"}).out, "api-1 | one\n");
}

TEST_F(LogsTest, FollowingGoesOnBehindTheLastLine) {
  server.on_sequence(kLogs, {{200, line("1", "one"), {}, true},
                             {200, line("2", "two"), {}, true},
                             problem(404, "not-found", "service shop/api was deleted")});
  const Ran run = sandbox.run({"logs", "api", "-f"});
  // Only a definite answer ends following.
  EXPECT_EQ(run.exit, 4);
  EXPECT_EQ(run.out, "api-1 | one\napi-1 | two\n");
  EXPECT_EQ(server.last(kLogs).query.at("after"), "2");
  EXPECT_EQ(server.last(kLogs).query.at("follow"), "true");
}

}  // namespace
}  // namespace croft::cli
