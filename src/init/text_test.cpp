// The parts of croft-init that only turn text into values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "init/config.h"
#include "init/env_replace.h"
#include "init/environment.h"
#include "init/http_head.h"
#include "init/once_client.h"
#include "init/options.h"
#include "init/user.h"
#include "init/zsc.h"

namespace croft::init {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const char* const kPasswd =
    "root:x:0:0:root:/root:/bin/bash\nbroken line\nzerops:x:2023:2024::/home/zerops:/bin/sh\n";
const char* const kGroup =
    "root:x:0:\nsudo:x:27:other,zerops\nzerops:x:2024:zerops\nzerop:x:9:zero\n";

TEST(User, IsFoundWithAllItsGroups) {
  const auto user = find_user("zerops", kPasswd, kGroup);
  ASSERT_TRUE(user);
  EXPECT_EQ(user->uid, 2023U);
  EXPECT_EQ(user->gid, 2024U);
  EXPECT_EQ(user->home, "/home/zerops");
  EXPECT_THAT(user->groups, ElementsAre(2024U, 27U));
}

TEST(User, IsFoundByItsNumber) {
  const auto named = find_user("2023", kPasswd, kGroup);
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name, "zerops");
  EXPECT_THAT(named->groups, ElementsAre(2024U, 27U));
  const auto nameless = find_user("4711", kPasswd, kGroup);
  ASSERT_TRUE(nameless);
  EXPECT_EQ(nameless->uid, 4711U);
  EXPECT_THAT(nameless->groups, ElementsAre(4711U));
  EXPECT_EQ(nameless->home, "/");
}

TEST(User, ThatIsMissingIsNamed) {
  EXPECT_THAT(find_user("zero", kPasswd, kGroup).error().message(), HasSubstr("'zero'"));
  EXPECT_FALSE(find_user("bad", "bad:x:ten:1::/:/bin/sh\n", ""));
}

TEST(Environment, TakesOnlyPathAndHostnameOfTheEngine) {
  InitConfig config;
  config.env = {{"A", "$b\n'\"ž"}, {"USER", "mine"}};
  config.once_hosts = {"fd00::1", "10.64.0.1"};
  const auto env = child_environment(config, {"zerops", 1, 1, {1}, "/home/zerops"},
                                     {{"PATH", "/p"}, {"HOSTNAME", "h"}, {"SECRET", "s"}});
  EXPECT_EQ(env.at("A"), "$b\n'\"ž");
  EXPECT_EQ(env.at("USER"), "mine");
  EXPECT_EQ(env.at("LOGNAME"), "zerops");
  EXPECT_EQ(env.at("PATH"), "/p");
  EXPECT_EQ(env.at("HOSTNAME"), "h");
  EXPECT_EQ(env.at(kOnceHostsVariable), "fd00::1,10.64.0.1");
  EXPECT_FALSE(env.contains("SECRET"));
}

TEST(EnvReplace, ReplacesKnownKeysBetweenDelimiters) {
  const std::map<std::string, std::string> env = {{"KEY", "v%%KEY%%"}, {"A_1", ""}};
  EXPECT_EQ(replace_variables("a %%KEY%% b", {"%%"}, env), "a v%%KEY%% b");
  EXPECT_EQ(replace_variables("%%A_1%%%%KEY%%", {"%%"}, env), "v%%KEY%%");
  EXPECT_EQ(replace_variables("%%NO%%%KEY%%", {"%%"}, env), "%%NO%v%%KEY%%");
  EXPECT_EQ(replace_variables("%%NO%%KEY%%", {"%%"}, env), "%%NOv%%KEY%%");
  EXPECT_EQ(replace_variables("%% KEY%% %%KEY %%", {"%%"}, env), "%% KEY%% %%KEY %%");
  EXPECT_EQ(replace_variables("%%", {"%%"}, env), "%%");
}

TEST(EnvReplace, TakesSeveralDelimitersAndThoseOfKeyCharacters) {
  const std::map<std::string, std::string> env = {{"A", "1"}, {"B_", "2"}};
  EXPECT_EQ(replace_variables("@A@ ##A## #A#", {"@", "#", "##"}, env), "1 1 1");
  EXPECT_EQ(replace_variables("__A__ __B___", {"__"}, env), "1 2");
  EXPECT_EQ(replace_variables("@A@", {}, env), "@A@");
  EXPECT_EQ(replace_variables("@A@", {""}, env), "@A@");
  const std::string many(200'000, '_');
  EXPECT_EQ(replace_variables(many, {"__"}, env), many);
}

TEST(EnvReplace, RewritesFilesAndTheDirectFilesOfADirectory) {
  char name[] = "/tmp/croft_init_XXXXXX";
  const std::filesystem::path dir = ::mkdtemp(name);
  std::filesystem::create_directories(dir / "conf/deep");
  ASSERT_TRUE(write_file_atomically(dir / "a.txt", "@K@", 0640));
  ASSERT_TRUE(write_file_atomically(dir / "conf/b", "x@K@"));
  ASSERT_TRUE(write_file_atomically(dir / "conf/deep/c", "@K@"));
  ASSERT_TRUE(apply_env_replace({{{"a.txt", "conf"}, {"@"}}}, dir, {{"K", "v"}}));
  EXPECT_EQ(*read_file(dir / "a.txt"), "v");
  EXPECT_EQ(std::filesystem::status(dir / "a.txt").permissions(), std::filesystem::perms(0640));
  EXPECT_EQ(*read_file(dir / "conf/b"), "xv");
  EXPECT_EQ(*read_file(dir / "conf/deep/c"), "@K@");
  const auto missing = apply_env_replace({{{"nowhere"}, {"@"}}}, dir, {});
  EXPECT_THAT(missing.error().message(), HasSubstr("nowhere"));
  std::filesystem::remove_all(dir);
}

InitConfig valid_config() {
  InitConfig config;
  config.processes = {{.command = "run"}};
  return config;
}

TEST(Config, NamesWhatIsWrong) {
  EXPECT_TRUE(check_config(valid_config()));
  const auto complaint = [](auto change) {
    InitConfig config = valid_config();
    change(config);
    const Status status = check_config(config);
    return status ? std::string("nothing") : status.error().message();
  };
  EXPECT_THAT(complaint([](auto& c) { c.processes.clear(); }), HasSubstr("processes"));
  EXPECT_THAT(complaint([](auto& c) { c.processes[0].command = ""; }), HasSubstr("processes[0]"));
  EXPECT_THAT(complaint([](auto& c) { c.env["A=B"] = ""; }), HasSubstr("A=B"));
  const auto nul = complaint([](auto& c) { c.env["KEY"] = std::string("secret\0x", 8); });
  EXPECT_THAT(nul, HasSubstr("KEY"));
  EXPECT_THAT(nul, testing::Not(HasSubstr("secret")));
  EXPECT_THAT(complaint([](auto& c) { c.workdir = "var"; }), HasSubstr("workdir"));
  EXPECT_THAT(complaint([](auto& c) { c.readiness = ReadinessConfig{}; }), HasSubstr("readiness"));
  EXPECT_THAT(complaint([](auto& c) {
                c.health = HealthConfig{.probe = {.http_port = 1, .path = "/ HTTP/1.1\r\nX: y"}};
              }),
              HasSubstr("health"));
  EXPECT_THAT(complaint([](auto& c) { c.crontab = {{.timing = "61 * * * *"}}; }),
              HasSubstr("crontab[0]"));
  EXPECT_THAT(complaint([](auto& c) { c.stop_signal = "SIGWHAT"; }), HasSubstr("SIGWHAT"));
}

HeadState parse(std::string_view text, ResponseHead& head) {
  return parse_response_head(text, head);
}

TEST(HttpHead, ReadsStatusAndLocation) {
  ResponseHead head;
  EXPECT_EQ(parse("HTTP/1.1 302 Found\r\nX: y\r\nLOCATION:  /a \r\n\r\nbody", head),
            HeadState::kComplete);
  EXPECT_EQ(head.status, 302);
  EXPECT_EQ(head.location, "/a");
  EXPECT_EQ(parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204\n\n", head), HeadState::kComplete);
  EXPECT_EQ(head.status, 204);
}

TEST(HttpHead, WaitsForTheEndAndRefusesWhatIsNotHttp) {
  ResponseHead head;
  for (const char* text : {"", "HT", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\nA: b\r\n"}) {
    EXPECT_EQ(parse(text, head), HeadState::kIncomplete) << text;
  }
  for (const char* text :
       {"SSH-2.0", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 999 X\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"}) {
    EXPECT_EQ(parse(text, head), HeadState::kBroken) << text;
  }
  const std::string endless = "HTTP/1.1 200 OK\r\n" + std::string(kMaxHeadBytes, 'a');
  EXPECT_EQ(parse(endless, head), HeadState::kBroken);
}

TEST(HttpHead, FollowsRedirectsToThisContainerOnly) {
  const HttpTarget from{3000, false, "/a/b?x=/y/z", "app.test"};
  EXPECT_EQ(follow_redirect(from, "/health#top")->path, "/health");
  EXPECT_EQ(follow_redirect(from, "c")->path, "/a/c");
  EXPECT_EQ(follow_redirect(from, "c")->port, 3000);
  const auto absolute = follow_redirect(from, "https://localhost:3443?q");
  ASSERT_TRUE(absolute);
  EXPECT_EQ(absolute->port, 3443);
  EXPECT_TRUE(absolute->tls);
  EXPECT_EQ(absolute->path, "/?q");
  EXPECT_EQ(follow_redirect(from, "http://[::1]/")->port, 80);
  for (const char* elsewhere : {"https://app.test/", "//app.test/", "ftp://localhost/", "",
                                "http://localhost:0/", "http://localhost:x/", "/a b"}) {
    EXPECT_FALSE(follow_redirect(from, elsewhere)) << elsewhere;
  }
}

TEST(Options, ReadBothForms) {
  const auto supervise = parse_options({"--config", "/c", "--health-port", "0"});
  ASSERT_TRUE(supervise);
  EXPECT_EQ(supervise->config, "/c");
  EXPECT_EQ(supervise->health_port, 0);
  EXPECT_EQ(supervise->report, kExitReportPath);
  const auto exec = parse_options({"exec", "--root", "--", "ls", "--", "-l"});
  ASSERT_TRUE(exec);
  EXPECT_TRUE(exec->as_root);
  EXPECT_THAT(exec->command, ElementsAre("ls", "--", "-l"));
  EXPECT_FALSE(parse_options({"exec"}));
  EXPECT_FALSE(parse_options({"--root"}));
  EXPECT_FALSE(parse_options({"--health-port", "70000"}));
  EXPECT_FALSE(parse_options({"--config"}));
}

TEST(Zsc, ReadsExecOnce) {
  const auto plain = parse_exec_once({"key", "--", "npm", "run", "-s", "x"});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->key, "key");
  EXPECT_FALSE(plain->retry);
  EXPECT_THAT(plain->command, ElementsAre("npm", "run", "-s", "x"));
  const auto options = parse_exec_once({"-r", "a b", "-v", "make", "-r"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->key, "a b");
  EXPECT_TRUE(options->retry && options->verbose);
  EXPECT_THAT(options->command, ElementsAre("make", "-r"));
  EXPECT_THAT(parse_exec_once({"--", "x"}).error().message(), HasSubstr("KEY"));
  EXPECT_THAT(parse_exec_once({"k", "--"}).error().message(), HasSubstr("command"));
  EXPECT_THAT(parse_exec_once({"k", "--wat", "x"}).error().message(), HasSubstr("--wat"));
}

TEST(Zsc, GivesOneWordWithSpacesToTheShell) {
  EXPECT_THAT(command_argv({"a b"}), ElementsAre("/bin/sh", "-c", "a b"));
  EXPECT_THAT(command_argv({"a"}), ElementsAre("a"));
  EXPECT_THAT(command_argv({"a", "b c"}), ElementsAre("a", "b c"));
}

TEST(Once, ReadsHostsAndAnswers) {
  EXPECT_EQ(parse_once_host("fd00::1")->address, "fd00::1");
  EXPECT_EQ(parse_once_host("fd00::1")->port, kOncePort);
  EXPECT_EQ(parse_once_host("[fd00::1]:7")->port, 7);
  EXPECT_EQ(parse_once_host("10.0.0.1:8")->address, "10.0.0.1");
  for (const char* wrong :
       {"", "db", "10.0.0.1:x", "[::1", "[", "10.0.0.1:70000", "[::1]7", "[::1] :7"}) {
    EXPECT_FALSE(parse_once_host(wrong)) << wrong;
  }
  EXPECT_FALSE(parse_once_host(std::string_view("::1\0::1", 7))) << "what follows is not ignored";
  EXPECT_EQ(parse_once_answer(R"({"do":"run"})")->kind, OnceAnswer::Kind::kRun);
  EXPECT_EQ(parse_once_answer(R"({"do":"wait"})")->kind, OnceAnswer::Kind::kWait);
  EXPECT_EQ(parse_once_answer(R"({"result":3})")->result, 3);
  for (const char* wrong : {"", "[]", "{}", R"({"do":"dance"})", R"({"result":300})"}) {
    EXPECT_FALSE(parse_once_answer(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace croft::init
