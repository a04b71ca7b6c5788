#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "cli/context.h"
#include "cli/fake_server_test.h"

namespace croft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kWhoami =
    R"({"user":{"id":"u","name":"ann","role":"owner"},"token":{"id":"t","name":"croft on box",)"
    R"("hint":"croft_ab","scopes":["admin"],"expires_at":null},"install_id":"abc123",)"
    R"("server_version":"0.1.0"})";

class AuthTest : public ::testing::Test {
 protected:
  AuthTest() { server.on("GET /whoami", kWhoami); }
  std::string stored() { return read_file(*context_path(sandbox.io)).value_or(""); }

  FakeServer server;
  Sandbox sandbox;
};

TEST_F(AuthTest, ATokenFromStandardInputIsProvedAndKept) {
  sandbox.input = "croft_from_stdin\n";
  const Ran run = sandbox.run({"login", server.url(), "--token-stdin"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("as ann"));
  EXPECT_EQ(server.last("GET /whoami").headers.find("Authorization").value_or(""),
            "Bearer croft_from_stdin");
  EXPECT_THAT(stored(), HasSubstr("croft_from_stdin"));
  EXPECT_THAT(sandbox.run({"whoami"}).out, HasSubstr("admin"));
}

TEST_F(AuthTest, ARefusedTokenIsNotKept) {
  server.on("GET /whoami",
            [](const FakeRequest&) { return problem(401, "unauthenticated", "wrong token"); });
  sandbox.input = "nonsense\n";
  const Ran run = sandbox.run({"login", server.url(), "--token-stdin"});
  EXPECT_EQ(run.exit, 3);
  EXPECT_THAT(run.err, HasSubstr("wrong token"));
  EXPECT_EQ(stored(), "");
}

TEST_F(AuthTest, APasswordIsAskedForWithoutEcho) {
  server.on("POST /login", R"({"token":"croft_new","token_id":"t","expires_at":null,)"
                           R"("user":{"id":"u","name":"ann","role":"owner"}})");
  bool hidden = false;
  sandbox.io.in_is_terminal = true;
  sandbox.io.read_line = [] { return std::optional<std::string>("ann"); };
  sandbox.io.read_hidden_line = [&](const std::string&) {
    hidden = true;
    return std::optional<std::string>("correct horse");
  };
  const Ran run = sandbox.run({"login", server.url()});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_TRUE(hidden);
  EXPECT_THAT(server.last("POST /login").body, HasSubstr(R"("password":"correct horse")"));
  EXPECT_THAT(run.err, Not(HasSubstr("correct horse")));
  EXPECT_THAT(stored(), HasSubstr("croft_new"));
  EXPECT_THAT(stored(), Not(HasSubstr("correct horse")));
}

TEST_F(AuthTest, WithoutATerminalTheOptionIsNamed) {
  Ran run = sandbox.run({"login", server.url()});
  EXPECT_EQ(run.exit, 2);
  EXPECT_THAT(run.err, HasSubstr("--user"));
  run = sandbox.run({"login", server.url(), "--user", "ann"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_THAT(run.err, HasSubstr("--password-stdin"));
  run = sandbox.run({"login"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_THAT(server.lines(), ElementsAre());
}

TEST_F(AuthTest, NoInputSilencesQuestionsOnATerminal) {
  sandbox.io.in_is_terminal = true;
  EXPECT_EQ(sandbox.run({"login", server.url(), "--no-input"}).exit, 2);
}

TEST_F(AuthTest, TheSetupTokenMakesTheFirstUser) {
  server.on("POST /setup",
            R"({"token":"croft_first","token_id":"t","expires_at":null,)"
            R"("user":{"id":"u","name":"ann","role":"owner"}})",
            201);
  sandbox.input = "a long password\n";
  const Ran run = sandbox.run(
      {"login", server.url(), "--setup-token", "once", "--user", "ann", "--password-stdin"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(server.last("POST /setup").body, HasSubstr(R"("setup_token":"once")"));
  EXPECT_THAT(stored(), HasSubstr("croft_first"));
}

TEST_F(AuthTest, LogoutRevokesAndForgets) {
  server.on("POST /logout", "", 204);
  sandbox.input = "croft_gone\n";
  ASSERT_EQ(sandbox.run({"login", server.url(), "--token-stdin"}).exit, 0);
  EXPECT_EQ(sandbox.run({"logout"}).exit, 0);
  EXPECT_EQ(server.last("POST /logout").headers.find("Authorization").value_or(""),
            "Bearer croft_gone");
  EXPECT_THAT(stored(), Not(HasSubstr("croft_gone")));
  const Ran run = sandbox.run({"whoami"});
  EXPECT_EQ(run.exit, 3);
  EXPECT_THAT(run.err, HasSubstr("croft login"));
}

TEST_F(AuthTest, WithoutAServerLoginIsNamed) {
  const Ran run = sandbox.run({"whoami"});
  EXPECT_EQ(run.exit, 3);
  EXPECT_THAT(run.err, HasSubstr("croft login URL"));
}

TEST_F(AuthTest, AServerThatIsNotThereIsExit8) {
  // A port that was free a moment ago.
  std::string url;
  {
    FakeServer gone;
    url = gone.url();
  }
  sandbox.io.env["CROFT_URL"] = url;
  sandbox.io.env["CROFT_TOKEN"] = "croft_x";
  Ran run = sandbox.run({"whoami"});
  EXPECT_EQ(run.exit, 8);
  EXPECT_THAT(run.err, HasSubstr(url));
  run = sandbox.run({"whoami", "--json"});
  EXPECT_EQ(run.exit, 8);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr(R"({"error":{"code":"unavailable")"));
}

TEST_F(AuthTest, ProblemsKeepRequestIdAndExitCode) {
  sandbox.log_in(server);
  server.on("GET /whoami",
            [](const FakeRequest&) { return problem(403, "forbidden", "not for you"); });
  const Ran run = sandbox.run({"whoami"});
  EXPECT_EQ(run.exit, 3);
  EXPECT_THAT(run.err, HasSubstr("not for you"));
  EXPECT_THAT(run.err, HasSubstr("request req-7"));
}

}  // namespace
}  // namespace croft::cli
