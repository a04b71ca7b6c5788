// Images on a real engine: those that the example needs are built and answer; what goes wrong
// leaves nothing behind. Needs the network of the host for what is not built yet.
#include <gmock/gmock.h>

#include <fstream>

#include "image_fixture.h"
#include "task/group.h"

namespace croft::build {
namespace {

using catalog::ImageKind;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kSleep = "/bin/sleep";

TEST_F(ImageFixture, StaticServesFilesAndFallsBackToTheIndex) {
  const std::string image = ensure(ImageKind::kRun, {"static"});
  ASSERT_NE(image, "");
  const std::string id = start(image, "zerops", {kSleep, "600"}, {});
  run(id, {"/bin/sh", "-c",
           "mkdir public && echo front > public/index.html && "
           "echo about > public/about.html"});
  const std::map<std::string, std::string> env{
      {"CROFT_DOCUMENT_ROOT", "public"},
      {"CROFT_NGINX_RULES", "location = \"/old\" { return 301 \"/about\"; }"}};
  run(id, {"/bin/sh", "-c", "/croft/bin/start-nginx > /tmp/log 2>&1 &"}, "zerops", env);
  const std::vector<std::string> get{"curl", "-sS", "-o", "/dev/stdout", "-w", " %{http_code}"};
  const auto fetch = [&](const std::string& url) {
    auto command = get;
    command.push_back(url);
    return run(id, command).output;
  };
  ASSERT_TRUE(becomes_true(id, {"curl", "-sf", "http://127.0.0.1/"}, 10))
      << run(id, {"cat", "/tmp/log"}).output;
  EXPECT_EQ(fetch("http://127.0.0.1/"), "front\n 200");
  EXPECT_EQ(fetch("http://127.0.0.1/about"), "about\n 200");
  EXPECT_EQ(fetch("http://127.0.0.1/no/such/page"), "front\n 200");
  EXPECT_THAT(fetch("http://127.0.0.1/old"), HasSubstr("301"));
  // Port 80 in hexadecimal: listening on every IPv6 address too (there is none to connect to here).
  EXPECT_EQ(run(id, {"grep", "-q", " 0\\{32\\}:0050 ", "/proc/net/tcp6"}).exit_code, 0);
  EXPECT_THAT(run(id, {"cat", "/tmp/log"}).output, HasSubstr("\"GET /about HTTP/1.1\" 200"));
  // A site of its own, with the marks of a template filled in.
  run(id, {"/bin/sh", "-c",
           "pkill nginx; sleep 0.5; printf 'server { listen 8080; "
           "access_log syslog:server=unix:/dev/log,facility=local1 default_short; location / { "
           "return 200 "
           "\"{{.DocumentRoot}} {{.Environment.COLOUR}}\"; } }' > site.conf.tmpl"});
  run(id, {"/bin/sh", "-c", "/croft/bin/start-nginx > /tmp/log 2>&1 &"}, "zerops",
      {{"CROFT_DOCUMENT_ROOT", "public"},
       {"CROFT_SITE_CONFIG", "site.conf.tmpl"},
       {"COLOUR", "blue"}});
  EXPECT_TRUE(becomes_true(id, {"curl", "-sf", "http://127.0.0.1:8080/"}, 10))
      << run(id, {"cat", "/tmp/log"}).output;
  EXPECT_EQ(fetch("http://127.0.0.1:8080/"), "/var/www/public blue 200");
  EXPECT_THAT(run(id, {"cat", "/tmp/log"}).output, HasSubstr("127.0.0.1 \"GET / HTTP/1.1\" 200"));
}

TEST_F(ImageFixture, WhatIsThereIsNotBuiltAgain) {
  ASSERT_NE(ensure(ImageKind::kRun, {"static"}), "");
  ASSERT_NE(ensure(ImageKind::kRun, {"static"}), "");
  EXPECT_EQ(progress_lines(), 0u);
  ImageStore store(*engine_, pool_, *catalog_, options());
  const auto images = runtime_.run_until_done(store.list_images());
  ASSERT_TRUE(images) << images.error().describe();
  std::size_t built = 0;
  for (const ImageState& image : *images) {
    if (image.type == "static@1.0") EXPECT_TRUE(image.built);
    if (image.built) EXPECT_GT(image.size_bytes, 50'000'000) << image.tag;
    built += image.built ? 1 : 0;
  }
  EXPECT_GT(images->size(), built) << "not every image of the catalog should be needed here";
}

TEST_F(ImageFixture, TwoThatWantTheSameImageBuildItOnce) {
  ASSERT_NE(ensure(ImageKind::kRun, {"static"}), "");
  // A program of its own makes the last layer new.
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / "croft-init") << "#!/bin/sh\n# " << name_ << "\n";
  ImageStoreOptions own = options();
  own.binaries = folder_;
  ImageStore store(*engine_, pool_, *catalog_, own);
  int made = 0;
  int waited = 0;
  const ImageProgress progress = [&](std::string_view line) {
    made += line.ends_with(": making it") ? 1 : 0;
    waited += line.find("another process is making it") != std::string_view::npos ? 1 : 0;
  };
  std::vector<std::string> tags;
  const auto want = [](ImageStore& images, ImageProgress lines,
                       std::vector<std::string>& out) -> Task<void> {
    auto tag = co_await images.ensure_image({ImageKind::kRun, {"static@1.0"}}, lines);
    out.push_back(tag ? *tag : tag.error().describe());
  };
  const auto both = [&](Group& group) -> Task<void> {
    group.spawn("one", want(store, progress, tags));
    group.spawn("two", want(store, progress, tags));
    co_await group.join();
  };
  Group group(runtime_);
  runtime_.run_until_done(both(group));
  ASSERT_EQ(tags.size(), 2u);
  EXPECT_EQ(tags[0], tags[1]);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(waited, 1);
  EXPECT_TRUE(runtime_.run_until_done(engine_->remove_image(tags[0], false, Millis(60'000))));
}

TEST_F(ImageFixture, NodeRunsWithItsToolsAsAnOrdinaryUserWithSudo) {
  for (const ImageKind kind : {ImageKind::kRun, ImageKind::kBuild}) {
    const std::string image = ensure(kind, {"nodejs@22"});
    ASSERT_NE(image, "");
    const std::string id = start(image, "zerops", {kSleep, "600"}, {});
    EXPECT_THAT(run(id, {"node", "--version"}).output, StartsWith("v22."));
    for (const char* tool : {"npm", "yarn", "pnpm"})
      EXPECT_EQ(run(id, {tool, "--version"}).exit_code, 0) << tool;
    EXPECT_EQ(run(id, {"id", "-un"}).output, "zerops\n");
    // It also complains, before or after, that this container without a network cannot resolve its
    // own name.
    EXPECT_THAT(run(id, {"sudo", "-n", "id", "-u"}).output,
                testing::AnyOf(StartsWith("0\n"), testing::EndsWith("0\n")));
    EXPECT_EQ(run(id, {"pwd"}).output, "/var/www\n");
    EXPECT_EQ(run(id, {"touch", "/var/www/x"}).exit_code, 0);
    EXPECT_EQ(run(id, {"test", "-x", "/croft/init"}).exit_code, 0);
    EXPECT_EQ(run(id, {"readlink", "/usr/local/bin/zsc"}).output, "/croft/init\n");
    // It runs until it is ended, which timeout reports as 124.
    EXPECT_EQ(run(id, {"timeout", "1", "zsc", "noop", "--silent"}).exit_code, 124);
    // Compilers, git and the like are in build images only.
    EXPECT_EQ(run(id, {"/bin/sh", "-c", "command -v g++ && command -v git"}).exit_code == 0,
              kind == ImageKind::kBuild);
    // No trace of how the host reaches registries.
    EXPECT_NE(run(id, {"/bin/sh", "-c", "ls -d /tmp/.croft /etc/apt/apt.conf.d/*croft*"}).exit_code,
              0);
  }
}

TEST_F(ImageFixture, PostgresqlSurvivesBeingKilledWhileItIsMade) {
  const std::string image = ensure(ImageKind::kRun, {"postgresql@17"});
  ASSERT_NE(image, "");
  const std::map<std::string, std::string> env{{"user", "db"},
                                               {"password", "it's \"$1\\ %"},
                                               {"dbName", "db"},
                                               {"superUserPassword", "super"}};
  const std::vector<std::string> start_command{"/croft/bin/start-postgresql"};
  const std::vector<std::string> query{"psql",        "--host=127.0.0.1", "--username=db",
                                       "--dbname=db", "--tuples-only",    "--command=select 6 * 7"};
  const std::map<std::string, std::string> login{{"PGPASSWORD", "it's \"$1\\ %"}};
  int volume = 0;
  for (const int kill_after_ms : {50, 400, 800, 1200, 1600}) {
    const std::string id = start(image, "postgres", start_command, env,
                                 fmt::format("data{}", ++volume), "/var/lib/postgresql");
    runtime_.run_until_done(sleep_for(Millis(kill_after_ms)));
    kill(id);
    restart(id);
    ASSERT_TRUE(becomes_true(id, {"pg_isready", "--quiet", "--host=127.0.0.1"}, 60))
        << "killed after " << kill_after_ms << " ms";
    const Ran answer = run(id, query, "", login);
    EXPECT_THAT(answer.output, HasSubstr("42")) << "killed after " << kill_after_ms << " ms";
    EXPECT_NE(run(id, query, "", {{"PGPASSWORD", "wrong"}}).exit_code, 0);
    EXPECT_EQ(run(id, {"/bin/sh", "-c", "ls -A /var/lib/postgresql"}).output, "17\n");
    EXPECT_EQ(stop(id), 0);
  }
}

// Takes 20 minutes and 8 GB from nothing, so only on demand: prints time and size of each.
TEST_F(ImageFixture, EveryImageOfTheCatalogBuilds) {
  if (!std::getenv("CROFT_TEST_ALL_IMAGES")) GTEST_SKIP() << "set CROFT_TEST_ALL_IMAGES=1";
  for (const auto& type : catalog_->types()) {
    for (const catalog::TypeVersion& version : type->versions) {
      const std::string name = type->name + "@" + version.version;
      if (!type->run_recipe.empty()) EXPECT_NE(ensure(ImageKind::kRun, {name}), "");
      if (!type->build_recipe.empty()) EXPECT_NE(ensure(ImageKind::kBuild, {name}), "");
    }
  }
  EXPECT_NE(ensure(ImageKind::kBuild, {"php@8.2", "nodejs@20"}), "");
}

TEST_F(ImageFixture, TooLittleSpaceIsRefusedBeforeAnything) {
  ImageStoreOptions greedy = options();
  greedy.pin = name_;
  greedy.min_free_bytes = 1ull << 60;
  const auto refused = try_ensure(greedy, ImageKind::kRun, {"static"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kExhausted);
  EXPECT_THAT(refused.error().message(), HasSubstr(folder_.string()));
  EXPECT_EQ(progress_lines(), 0u);
}

TEST_F(ImageFixture, AnUnreachableMirrorIsNamedAndLeavesNothing) {
  std::filesystem::create_directories(folder_ / "etc/apt");
  std::ofstream(folder_ / "etc/apt/sources.list")
      << "deb http://127.0.0.1:1/debian bookworm main\n";
  std::ofstream(folder_ / "etc/os-release") << "VERSION_CODENAME=bookworm\n";
  ImageStoreOptions cut_off = options();
  cut_off.pin = name_;  // so that no base is there yet
  cut_off.host.apt = folder_ / "etc/apt";
  cut_off.host.os_release = folder_ / "etc/os-release";
  const auto refused = try_ensure(cut_off, ImageKind::kRun, {"static"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable) << refused.error().describe();
  EXPECT_THAT(refused.error().message(), HasSubstr("127.0.0.1"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    EXPECT_THAT(entry.path().filename().string(), testing::Not(StartsWith("base-")));
}

TEST_F(ImageFixture, AMissingProgramOfCroftIsNamed) {
  ImageStoreOptions bare = options();
  bare.binaries = folder_;
  const auto refused = try_ensure(bare, ImageKind::kRun, {"static"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(refused.error().message(), HasSubstr("croft-init"));
}

}  // namespace
}  // namespace croft::build

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
