#include "cli/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/fake_server_test.h"

namespace croft::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ContextTest : public ::testing::Test {
 protected:
  void store(const std::string& url) {
    ContextFile file;
    file.current = "first";
    file.contexts = {{"first", url, "croft_secret", "ann", "shop", ""},
                     {"second", "https://other.example", "croft_second", "bob", "", ""}};
    ASSERT_TRUE(save_contexts(sandbox.io, file));
  }
  std::string stored() { return read_file(*context_path(sandbox.io)).value_or(""); }

  Sandbox sandbox;
};

TEST_F(ContextTest, TheFileIsForItsOwnerOnly) {
  store("https://one.example");
  struct stat info = {};
  ASSERT_EQ(::stat(context_path(sandbox.io)->c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(context_path(sandbox.io)->parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0077, 0U);
}

TEST_F(ContextTest, TheEnvironmentWins) {
  store("https://one.example");
  sandbox.io.env["CROFT_TOKEN"] = "croft_env";
  sandbox.io.env["CROFT_PROJECT"] = "blog";
  const auto connection = resolve_connection(sandbox.io, "");
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->url, "https://one.example");
  EXPECT_EQ(connection->token.reveal(), "croft_env");
  EXPECT_EQ(connection->project, "blog");
}

TEST_F(ContextTest, AStoredTokenGoesToItsOwnServerOnly) {
  store("https://one.example");
  sandbox.io.env["CROFT_URL"] = "https://evil.example";
  const auto connection = resolve_connection(sandbox.io, "");
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->url, "https://evil.example");
  EXPECT_TRUE(connection->token.empty());
  EXPECT_TRUE(connection->project.empty());
}

TEST_F(ContextTest, AFlagIsNearerThanTheEnvironment) {
  store("https://one.example");
  sandbox.io.env["CROFT_URL"] = "https://env.example";
  sandbox.io.env["CROFT_TOKEN"] = "croft_env";
  const auto connection = resolve_connection(sandbox.io, "second");
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->url, "https://other.example");
  EXPECT_EQ(connection->token.reveal(), "croft_second");
  EXPECT_FALSE(resolve_connection(sandbox.io, "third"));
}

TEST_F(ContextTest, ABrokenFileIsSaid) {
  sandbox.write("config/croft/contexts.json", "{");
  const auto connection = resolve_connection(sandbox.io, "");
  ASSERT_FALSE(connection);
  EXPECT_THAT(connection.error().error.message(), HasSubstr("contexts.json"));
}

TEST_F(ContextTest, AddressesAreNormalised) {
  EXPECT_EQ(normalise_url("croft.example.com").value_or(""), "https://croft.example.com");
  EXPECT_EQ(normalise_url("localhost:8080").value_or(""), "http://localhost:8080");
  EXPECT_EQ(normalise_url("http://127.0.0.1:1/").value_or(""), "http://127.0.0.1:1");
  EXPECT_FALSE(normalise_url("ftp://x"));
  EXPECT_FALSE(normalise_url("http://"));
}

TEST_F(ContextTest, ListNeverShowsATokenAndUseSwitches) {
  store("https://one.example");
  Ran run = sandbox.run({"context", "list", "--json"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_THAT(run.out, Not(HasSubstr("croft_secret")));
  EXPECT_THAT(run.out, HasSubstr(R"("name":"second","url":"https://other.example")"));
  run = sandbox.run({"context", "use", "second"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_THAT(sandbox.run({"context", "show"}).out, HasSubstr("bob"));
  EXPECT_EQ(sandbox.run({"context", "delete", "second"}).exit, 0);
  EXPECT_THAT(stored(), Not(HasSubstr("croft_second")));
  EXPECT_EQ(sandbox.run({"context", "delete", "second"}).exit, 4);
}

TEST_F(ContextTest, UseOfAProjectIsKeptAndServesNextCommands) {
  FakeServer server;
  store(server.url());
  server.on("GET /projects/blog", R"({"id":"x","name":"blog"})");
  server.on("GET /projects/blog/services", R"({"items":[],"next":null})");
  EXPECT_EQ(sandbox.run({"context", "use", "blog"}).exit, 0);
  EXPECT_EQ(sandbox.run({"service", "list"}).exit, 0);
  EXPECT_EQ(server.requests().back().headers.find("Authorization").value_or(""),
            "Bearer croft_secret");
}

TEST_F(ContextTest, UseOfAnUnknownNameSaysTheNearest) {
  FakeServer server;
  store(server.url());
  server.on("GET /projects", R"({"items":[{"id":"x","name":"blog"}],"next":null})");
  const Ran run = sandbox.run({"context", "use", "blogg"});
  EXPECT_EQ(run.exit, 4);
  EXPECT_THAT(run.err, HasSubstr("did you mean blog?"));
}

TEST_F(ContextTest, AProjectCanBeChosenWithoutALogin) {
  FakeServer server;
  sandbox.log_in(server);
  server.on("GET /projects/blog", R"({"id":"x","name":"blog"})");
  server.on("GET /projects/blog/services", R"({"items":[],"next":null})");
  EXPECT_EQ(sandbox.run({"context", "use", "blog"}).exit, 0);
  EXPECT_THAT(stored(), Not(HasSubstr("croft_test")));
  EXPECT_EQ(sandbox.run({"service", "list"}).exit, 0);
}

}  // namespace
}  // namespace croft::cli
