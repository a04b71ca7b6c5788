// Commands that need no server: init, config validate, completion; and the texts of help.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <set>

#include "base/file.h"
#include "cli/command.h"
#include "cli/fake_server_test.h"
#include "cli/help.h"
#include "spec/app_config.h"

namespace croft::cli {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class InitTest : public ::testing::Test {
 protected:
  // The croft.yml that init writes, checked by the parser itself.
  std::string made(const std::string& technology) {
    const Ran run = sandbox.run({"init", "app", "--setup", "api", "--json"});
    EXPECT_EQ(run.exit, 0) << run.err;
    if (run.exit != 0) return "";
    EXPECT_EQ(boost::json::parse(run.out).at("technology").as_string(), technology);
    const std::string text = read_file(sandbox.path("app/croft.yml")).value_or("");
    const auto parsed = spec::parse_app_config("croft.yml", text);
    EXPECT_TRUE(parsed) << parsed.error().describe() << "\n" << text;
    if (parsed) {
      EXPECT_TRUE(parsed->warnings.empty()) << parsed->warnings.front().message;
      EXPECT_NE(spec::choose_setup(parsed->config, "", "api"), nullptr);
    }
    return text;
  }

  Sandbox sandbox;
};

TEST_F(InitTest, Node) {
  sandbox.write("app/package.json",
                R"({"engines":{"node":">=20"},"scripts":{"build":"tsc","start":"node dist"}})");
  sandbox.write("app/package-lock.json", "{}");
  const std::string text = made("Node.js");
  EXPECT_THAT(text, HasSubstr("base: nodejs@20"));
  EXPECT_THAT(text, HasSubstr("- npm ci\n        - npm run build\n"));
  EXPECT_THAT(text, HasSubstr("start: npm start"));
}

TEST_F(InitTest, NodeThatOnlyBuildsPagesIsStatic) {
  sandbox.write("app/package.json",
                R"({"scripts":{"build":"vite build"},"devDependencies":{"vite":"7"}})");
  const std::string text = made("static files");
  EXPECT_THAT(text, HasSubstr("- dist/~"));
  EXPECT_THAT(text, HasSubstr("base: static"));
}

TEST_F(InitTest, Go) {
  sandbox.write("app/go.mod", "module x\n\ngo 1.22\n");
  sandbox.write("app/cmd/server/main.go", "package main\n");
  EXPECT_THAT(made("Go"), HasSubstr("go build -o app ./cmd/server"));
}

TEST_F(InitTest, Php) {
  sandbox.write("app/composer.json", "{}");
  sandbox.write("app/public/index.php", "<?php\n");
  const std::string text = made("PHP");
  EXPECT_THAT(text, HasSubstr("documentRoot: public"));
  EXPECT_THAT(text, HasSubstr("base: php-nginx@8.4"));
}

TEST_F(InitTest, Python) {
  sandbox.write("app/requirements.txt", "flask==3.1\n");
  sandbox.write("app/app.py", "");
  const std::string text = made("Python");
  EXPECT_THAT(text, HasSubstr("flask --app app run"));
  EXPECT_THAT(text, HasSubstr("PYTHONPATH: /var/www/vendor"));
}

TEST_F(InitTest, StaticFiles) {
  sandbox.write("app/index.html", "<p>");
  EXPECT_THAT(made("static files"), HasSubstr("- ./\n"));
}

TEST_F(InitTest, NeverOverwritesUnlessForced) {
  sandbox.write("app/index.html", "<p>");
  sandbox.write("app/zerops.yaml", "mine");
  const Ran run = sandbox.run({"init", "app"});
  EXPECT_EQ(run.exit, 5);
  EXPECT_THAT(run.err, HasSubstr("--force"));
  EXPECT_EQ(sandbox.run({"init", "app", "--force"}).exit, 0);
  EXPECT_EQ(read_file(sandbox.path("app/zerops.yaml")).value_or(""), "mine");
}

TEST_F(InitTest, AnUnknownFolderIsSaid) {
  sandbox.write("app/readme", "");
  const Ran run = sandbox.run({"init", "app"});
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.err, HasSubstr("package.json"));
}

TEST(Validate, OneObjectALineAndExit1WhenOneIsWrong) {
  Sandbox sandbox;
  sandbox.write("good.yml",
                "project:\n  name: shop\nservices:\n  - hostname: db\n    type: "
                "postgresql@17\n    mode: NON_HA\n");
  sandbox.write("croft.yml", "croft:\n  - setup: api\n    rnu: {}\n");
  Ran run = sandbox.run({"config", "validate", "good.yml"});
  EXPECT_EQ(run.exit, 0) << run.out;
  run = sandbox.run({"config", "validate", "--json", "good.yml", "croft.yml", "gone.yml"});
  EXPECT_EQ(run.exit, 1);
  std::vector<boost::json::value> lines;
  for (std::size_t at = 0, end = 0; (end = run.out.find('\n', at)) != std::string::npos;
       at = end + 1) {
    lines.push_back(boost::json::parse(run.out.substr(at, end - at)));
  }
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0].at("ok").as_bool());
  EXPECT_EQ(lines[0].at("services").at(0).at("hostname").as_string(), "db");
  EXPECT_FALSE(lines[1].at("ok").as_bool());
  EXPECT_EQ(lines[1].at("errors").at(0).at("line").to_number<int>(), 3);
  EXPECT_FALSE(lines[2].at("ok").as_bool());
}

class CompletionTest : public ::testing::Test {
 protected:
  std::set<std::string> offered(std::vector<std::string> words) {
    words.insert(words.begin(), {"__complete", "--"});
    const std::string out = sandbox.run(words).out;
    std::set<std::string> all;
    for (std::size_t at = 0, end = 0; (end = out.find('\n', at)) != std::string::npos;
         at = end + 1) {
      all.insert(out.substr(at, end - at));
    }
    return all;
  }
  Sandbox sandbox;
};

TEST_F(CompletionTest, CommandsAndOptions) {
  EXPECT_THAT(offered({""}), Contains("deploy"));
  EXPECT_THAT(offered({""}), Not(Contains("__complete")));
  EXPECT_EQ(offered({"pr"}), (std::set<std::string>{"project", "process"}));
  EXPECT_EQ(offered({"project", "env", "un"}), (std::set<std::string>{"unset"}));
  EXPECT_THAT(offered({"deploy", "--s"}), Contains("--setup"));
  EXPECT_EQ(offered({"completion", ""}), (std::set<std::string>{"bash", "fish", "zsh"}));
  EXPECT_EQ(offered({"config", "validate", ""}), (std::set<std::string>{"__files"}));
}

TEST_F(CompletionTest, ServicesOfTheServer) {
  FakeServer server;
  sandbox.log_in(server);
  server.on("GET /projects/shop/services",
            R"({"items":[)" + service_json("api") + "," + service_json("db") + R"(],"next":null})");
  EXPECT_EQ(offered({"logs", "shop/"}), (std::set<std::string>{"shop/api", "shop/db"}));
  EXPECT_EQ(offered({"-p", "x", "service", "show", "shop/a"}), (std::set<std::string>{"shop/api"}));
}

TEST_F(CompletionTest, WithoutAServerThereAreFewerSuggestions) {
  EXPECT_TRUE(offered({"logs", ""}).empty());
}

TEST_F(CompletionTest, ScriptsAskTheProgram) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran run = sandbox.run({"completion", shell});
    EXPECT_EQ(run.exit, 0);
    EXPECT_THAT(run.out, HasSubstr("croft __complete --"));
  }
  EXPECT_EQ(sandbox.run({"completion", "tcsh"}).exit, 2);
}

TEST(Help, ExamplesComeFirst) {
  Sandbox sandbox;
  const Ran run = sandbox.run({"rollback", "--help"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_THAT(run.out, ::testing::StartsWith("Activate an older version with its configuration, "
                                             "without downtime\n\nExamples:\n  croft rollback api\n"
                                             "  croft rollback api 12\n\nUsage:\n"
                                             "  croft rollback SERVICE [VERSION] [options]\n"));
}

TEST(Help, EveryCommandHasAnExampleOfItself) {
  for (const Command* command : all_commands()) {
    EXPECT_NE(command->run, nullptr) << command->name;
    if (command->summary.empty()) continue;
    EXPECT_LE(command->summary.size(), 100U) << command->name;
    EXPECT_THAT(std::string(command->examples), HasSubstr("croft " + std::string(command->name)));
  }
}

// The commands of the contract (issue 3, item 13).
TEST(Help, TheContractIsThere) {
  for (const char* name : {"login",
                           "logout",
                           "whoami",
                           "context list",
                           "context use",
                           "context show",
                           "context delete",
                           "project create",
                           "project list",
                           "project show",
                           "project env",
                           "project import",
                           "project export",
                           "project delete",
                           "service create",
                           "service list",
                           "service show",
                           "service env",
                           "service start",
                           "service stop",
                           "service restart",
                           "service scale",
                           "service delete",
                           "deploy",
                           "releases",
                           "rollback",
                           "logs",
                           "exec",
                           "ps",
                           "status",
                           "open",
                           "process list",
                           "process show",
                           "process wait",
                           "process cancel",
                           "init",
                           "config validate",
                           "config plan",
                           "doctor",
                           "completion"}) {
    EXPECT_NE(find_command(name), nullptr) << name;
  }
}

TEST(Reference, IsMadeFromTheHelp) {
  const std::filesystem::path path = CROFT_SOURCE_DIR "/docs/cli.md";
  if (std::getenv("CROFT_WRITE_REFERENCE") != nullptr) {
    ASSERT_TRUE(write_file_atomically(path, reference_markdown()));
  }
  EXPECT_EQ(read_file(path).value_or(""), reference_markdown())
      << "write it anew: CROFT_WRITE_REFERENCE=1, this test";
}

}  // namespace
}  // namespace croft::cli
