// Builds in containers of the real engine at the socket in CROFT_TEST_ENGINE. The image is a
// busybox with croft-init: small, and made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/file.h"
#include "build/build_runner.h"
#include "build/run_image.h"
#include "build/upload.h"
#include "engine/docker/docker_engine.h"
#include "task/group.h"

namespace croft::build {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Millis kCall{60'000};
constexpr const char* kInstall = "bldtst";
constexpr const char* kImage = "croft-bldtst-base:1";

class BuildTest : public testing::Test {
 protected:
  BuildTest() {
    for (const char* folder : {"src", "work"}) fs::create_directories(dir_ / folder);
  }

  ~BuildTest() override {
    clean();
    fs::remove_all(dir_);
  }

  void SetUp() override {
    clean();
    import_image();
  }

  void clean() {
    run([](BuildTest& t) -> Task<void> {
      const engine::Labels ours = {{"croft.install", kInstall}};
      auto containers = co_await t.engine_.list_containers({.labels = ours}, true, kCall);
      if (containers) {
        for (const auto& c : *containers) {
          (void)co_await t.engine_.remove_container(c.id, true, kCall);
        }
      }
      auto images = co_await t.engine_.list_images({.labels = ours}, kCall);
      // Several rounds: an image goes after those that stand on it.
      for (int round = 0; images && round < 4 && !images->empty(); ++round) {
        for (const auto& image : *images) {
          (void)co_await t.engine_.remove_image(image.id, true, kCall);
        }
        images = co_await t.engine_.list_images({.labels = ours}, kCall);
      }
    });
  }

  void import_image() {
    ArchiveWriter root({.compress = false});
    const auto directory = [&](std::string path, unsigned mode) {
      ASSERT_TRUE(root.begin(
          {.path = std::move(path), .type = ArchiveEntry::Type::kDirectory, .mode = mode}));
    };
    const auto link = [&](std::string path, std::string target) {
      ASSERT_TRUE(root.begin({.path = std::move(path),
                              .type = ArchiveEntry::Type::kSymlink,
                              .mode = 0777,
                              .link = std::move(target)}));
    };
    for (const char* path :
         {"tmp", "build", "build/source", "var", "var/www", "home", "home/zerops"}) {
      directory(path, 0777);
    }
    ASSERT_TRUE(root.add_file(
        "etc/passwd", "root:x:0:0::/root:/bin/sh\nzerops:x:1000:1000::/home/zerops:/bin/sh\n",
        0644));
    ASSERT_TRUE(root.add_file("etc/group", "root:x:0:\nzerops:x:1000:\n", 0644));
    ASSERT_TRUE(root.add_file("bin/busybox", *read_file("/bin/busybox"), 0755));
    for (const char* tool : {"sh", "cat", "find", "rm", "echo", "mkdir", "ls", "sleep", "id", "ln",
                             "head", "tr", "env", "dd", "touch", "yes", "stat"}) {
      link(std::string("bin/") + tool, "busybox");
    }
    ASSERT_TRUE(root.add_file("croft/init", *read_file(CROFT_INIT_PROGRAM), 0755));
    link("usr/local/bin/zsc", "/croft/init");
    ASSERT_TRUE(root.finish());
    StringSource tar(root.take());
    engine::ImageConfig config;
    config.labels = {{"croft.install", kInstall}};
    auto id = run_value(engine_.import_image(kImage, tar, config, kCall));
    ASSERT_TRUE(id) << id.error().describe();
  }

  void run(Task<void> (*body)(BuildTest&)) { runtime_.run_until_done(wrap(body, *this)); }
  static Task<int> wrap(Task<void> (*body)(BuildTest&), BuildTest& test) {
    co_await body(test);
    co_return 0;
  }
  template <class T>
  T run_value(Task<T> task) {
    return runtime_.run_until_done(std::move(task));
  }

  void source(const std::string& name, const std::string& text) {
    fs::create_directories((dir_ / "src" / name).parent_path());
    std::ofstream(dir_ / "src" / name) << text;
  }

  BuildJob job(std::vector<std::string> commands) {
    auto tree = open_tree(dir_ / "src", nullptr);
    auto archive = ArchiveFile::create(dir_ / "source.tar.zst", {}, 1u << 30);
    for (auto e = (*tree)->next(); e && *e; e = (*tree)->next()) {
      EXPECT_TRUE((*archive)->add(**e, **tree));
    }
    EXPECT_TRUE((*archive)->finish());
    BuildJob made;
    made.build_id = "build1";
    made.cache_scope = "scope1";
    made.image = kImage;
    made.source = dir_ / "source.tar.zst";
    made.config.build_commands = std::move(commands);
    made.config.deploy_files = {"out"};
    made.network_mode = "none";
    made.limits.memory_bytes = 256 << 20;
    made.work = dir_ / "work";
    return made;
  }

  Result<BuildResult> build(const BuildJob& wanted) {
    lines_.clear();
    trace_ = {};
    trace_.on_line = [this](std::string_view step, std::string_view line) {
      lines_.push_back(std::string(step) + "|" + std::string(line));
    };
    return run_value(runner_.run(wanted, trace_));
  }

  std::vector<std::string> containers_left() {
    auto list =
        run_value(engine_.list_containers({.labels = {{"croft.install", kInstall}}}, true, kCall));
    std::vector<std::string> names;
    for (const auto& c : *list) names.push_back(c.name);
    return names;
  }

  static std::map<std::string, std::string> content(const fs::path& archive) {
    auto entries = open_archive(archive, ArchiveOrigin::kContainer, kTreeLimits);
    std::map<std::string, std::string> files;
    for (auto e = (*entries)->next(); e && *e; e = (*entries)->next()) {
      std::string text;
      if ((*e)->type == ArchiveEntry::Type::kFile) {
        for (auto p = (*entries)->read(); p && !p->empty(); p = (*entries)->read()) text += *p;
      }
      files[(*e)->path] = text + (*e)->link;
    }
    return files;
  }

  static fs::path make_folder() {
    char name[] = "/tmp/croft_build_XXXXXX";
    return ::mkdtemp(name);
  }

  fs::path dir_ = make_folder();
  Runtime runtime_;
  Pool pool_{2};
  engine::DockerEngine engine_{runtime_, std::getenv("CROFT_TEST_ENGINE")};
  BuildRunner runner_{engine_, pool_, kInstall, dir_ / "cache"};
  BuildTrace trace_;
  std::vector<std::string> lines_;
};

TEST_F(BuildTest, MakesABundleOfWhatTheBuildMade) {
  source("in.txt", "hello");
  source("sub/file", "s");
  BuildJob wanted = job({"id -un; mkdir out; cat in.txt > out/made; echo \"$K\" >> out/made",
                         "ln -s made out/link; ls -l sub"});
  wanted.env = {{"K", "a $b 'c'"}};
  wanted.config.deploy_files = {"out/~/", "sub"};
  const auto built = build(wanted);
  ASSERT_TRUE(built) << built.error().describe();
  EXPECT_THAT(lines_, Contains("buildCommands[0]|zerops"));
  EXPECT_EQ(content(built->bundle.file),
            (std::map<std::string, std::string>{
                {"made", "helloa $b 'c'\n"}, {"link", "made"}, {"sub", ""}, {"sub/file", "s"}}));
  EXPECT_THAT(containers_left(), ElementsAre());
}

TEST_F(BuildTest, NamesTheCommandThatFailed) {
  const auto failed = build(job({"echo fine", "echo first; echo last >&2; exit 3", "touch no"}));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kDeployFailed);
  ASSERT_TRUE(trace_.failure);
  EXPECT_EQ(trace_.failure->step, "buildCommands[1]");
  EXPECT_EQ(trace_.failure->exit_code, 3);
  EXPECT_THAT(trace_.failure->last_lines, testing::UnorderedElementsAre("first", "last"));
  EXPECT_THAT(containers_left(), ElementsAre());
}

TEST_F(BuildTest, NamesAPathThatTheBuildDidNotMake) {
  BuildJob wanted = job({"mkdir out"});
  wanted.config.deploy_files = {"out", "dist"};
  const auto failed = build(wanted);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("'dist'"));
  EXPECT_EQ(failed.error().fields().at(0).pointer, "/build/deployFiles/1");
}

TEST_F(BuildTest, KeepsToItsLimits) {
  BuildJob slow = job({"sleep 60"});
  slow.limits.wall_time = Millis(1500);
  EXPECT_EQ(build(slow).error().code(), ErrorCode::kTimeout);
  BuildJob noisy = job({"yes"});
  noisy.limits.output_bytes = 100'000;
  EXPECT_THAT(build(noisy).error().message(), HasSubstr("printed more than"));
  BuildJob hungry = job({"x=$(head -c 400000000 /dev/zero | tr '\\0' x); echo ${#x}"});
  hungry.limits.memory_bytes = 64 << 20;
  EXPECT_THAT(build(hungry).error().message(), HasSubstr("out of memory"));
  EXPECT_THAT(containers_left(), ElementsAre());
}

TEST_F(BuildTest, IsCancelledAtOnce) {
  const BuildJob wanted = job({"sleep 60"});
  Group group(runtime_);
  group.spawn("cancel", [](BuildRunner& runner) -> Task<void> {
    co_await sleep_for(Millis(2500));
    co_await runner.cancel("build1");
  }(runner_));
  const SystemClock clock;
  const Millis before = clock.steady();
  const auto cancelled = build(wanted);
  EXPECT_EQ(cancelled.error().code(), ErrorCode::kCancelled);
  EXPECT_LT(clock.steady() - before, Millis(12'000));
  run_value([](Group& g) -> Task<int> {
    co_await g.join();
    co_return 0;
  }(group));
  EXPECT_THAT(containers_left(), ElementsAre());
}

TEST_F(BuildTest, PreparesOnceAndSharesTheLayer) {
  BuildJob wanted = job({"mkdir -p out; cat /home/zerops/prepared > out/p"});
  wanted.config.prepare_commands = {"echo ran; echo p > prepared"};
  auto first = build(wanted);
  ASSERT_TRUE(first) << first.error().describe();
  EXPECT_FALSE(first->prepared_from_cache);
  EXPECT_THAT(lines_, Contains("prepareCommands[0]|ran"));
  auto second = build(wanted);
  ASSERT_TRUE(second) << second.error().describe();
  EXPECT_TRUE(second->prepared_from_cache);
  EXPECT_THAT(lines_, testing::Not(Contains("prepareCommands[0]|ran")));
  EXPECT_EQ(content(second->bundle.file).at("out/p"), "p\n");
  wanted.config.prepare_commands.push_back("true");
  EXPECT_FALSE(build(wanted)->prepared_from_cache);
  ASSERT_TRUE(run_value(runner_.drop_cache("scope1")));
  EXPECT_FALSE(build(wanted)->prepared_from_cache);
}

TEST_F(BuildTest, CachesTheNamedPathsAndTheSourceWins) {
  source("deps/own", "source");
  const std::string show =
      "mkdir -p out; ls deps > out/list; cat deps/own >> out/list; "
      "ls /home/zerops >> out/list; [ -e gone ] && echo gone >> out/list; ";
  const std::string change =
      "echo changed > deps/own; echo x > deps/new; echo x > gone; "
      "echo x > /home/zerops/outside";
  BuildJob wanted = job({show + change});
  wanted.config.cache = std::vector<std::string>{"./deps/", "nothing*"};
  ASSERT_TRUE(build(wanted));
  const auto second = build(wanted);
  ASSERT_TRUE(second) << second.error().describe();
  EXPECT_EQ(content(second->bundle.file).at("out/list"), "new\nown\nsourceoutside\n");
}

TEST_F(BuildTest, CacheTrueKeepsTheWholeState) {
  BuildJob wanted = job({"mkdir -p out; [ -e kept ] && echo kept > out/k; touch out/k kept"});
  wanted.config.cache = true;
  ASSERT_TRUE(build(wanted));
  const auto second = build(wanted);
  ASSERT_TRUE(second) << second.error().describe();
  EXPECT_EQ(content(second->bundle.file).at("out/k"), "kept\n");
}

TEST_F(BuildTest, GivesTheHostsSettingsToTheBuildAndKeepsThemOutOfImages) {
  RunImages images(engine_, pool_, kInstall);
  PrepareJob wanted{.build_id = "p1", .cache_scope = "scope1", .image = kImage};
  wanted.commands = {
      "cat \"$SSL_CERT_FILE\" > seen; cat /etc/apt/apt.conf.d/99croft-host >> seen; "
      "echo \"$GOPROXY\" >> seen"};
  wanted.network_mode = "none";
  wanted.host = {.env = {{"GOPROXY", "proxy"}}, .ca_certificates = "CERT\n", .apt_conf = "CONF;\n"};
  const auto prepared = run_value(images.prepare(wanted, trace_));
  ASSERT_TRUE(prepared) << prepared.error().describe();
  EXPECT_EQ(*run_value(images.prepare(wanted, trace_)), *prepared);
  BuildJob look =
      job({"mkdir out; cat /home/zerops/seen > out/seen; "
           "find /usr/local/share /etc/apt -type f > out/files; env > out/env"});
  look.image = *prepared;
  const auto looked = build(look);
  ASSERT_TRUE(looked) << looked.error().describe();
  const auto files = content(looked->bundle.file);
  EXPECT_THAT(files.at("out/seen"),
              AllOf(HasSubstr("CERT\nCONF;\n"), HasSubstr("CAInfo"), HasSubstr("proxy\n")));
  EXPECT_EQ(files.at("out/files"), "");
  EXPECT_THAT(files.at("out/env"), testing::Not(HasSubstr("GOPROXY")));
}

TEST_F(BuildTest, AssemblesAnImageThatCroftInitRuns) {
  source("app.sh", "echo running; id -un; exit 5");
  BuildJob wanted = job({});
  wanted.config.deploy_files = {"./"};
  const auto built = build(wanted);
  ASSERT_TRUE(built) << built.error().describe();
  RunImages images(engine_, pool_, kInstall);
  const AppImageJob app{.version_id = "v1", .image = kImage, .bundle = built->bundle.file};
  auto tag = run_value(images.assemble(app));
  ASSERT_TRUE(tag) << tag.error().describe();
  tag = run_value(images.assemble(app));
  ASSERT_TRUE(tag) << tag.error().describe();
  const auto info = run_value(engine_.inspect_image(*tag, kCall));
  ASSERT_TRUE(info);
  EXPECT_THAT(info->config.entrypoint, ElementsAre("/croft/init"));

  // What a swarm secret does in a service: the configuration arrives as a root-only file.
  engine::ContainerSpec spec;
  spec.name = "croft-bldtst-run";
  spec.network_mode = "none";
  spec.settings.image = *tag;
  spec.settings.labels = {{"croft.install", kInstall}};
  const auto id = run_value(engine_.create_container(spec, kCall));
  ASSERT_TRUE(id) << id.error().describe();
  ArchiveWriter config({.compress = false});
  ASSERT_TRUE(config.add_file("run/croft/init.json",
                              R"({"processes":[{"command":"stat -c %U app.sh; sh app.sh"}]})",
                              0400));
  ASSERT_TRUE(config.finish());
  StringSource tar(config.take());
  ASSERT_TRUE(run_value(engine_.put_archive(*id, "/", tar, kCall)));
  ASSERT_TRUE(run_value(engine_.start_container(*id, kCall)));
  EXPECT_EQ(*run_value(engine_.wait_container(*id, kCall)), 5);
  auto report = run_value(engine_.get_archive(*id, "/croft/exit.json", kCall));
  ASSERT_TRUE(report) << report.error().describe();
  const auto text = run_value(read_all(**report, 1u << 20));
  EXPECT_THAT(*text, HasSubstr("\"last_lines\":[\"zerops\",\"running\",\"zerops\"]"));
}

TEST_F(BuildTest, RemovesWhatACrashLeft) {
  engine::ContainerSpec spec;
  spec.name = "croft-bldtst-build-dead";
  spec.network_mode = "none";
  spec.settings.image = kImage;
  spec.settings.command = {"/bin/sleep", "60"};
  spec.settings.labels = {
      {"croft.install", kInstall}, {"croft.role", "build"}, {"croft.build", "dead"}};
  ASSERT_TRUE(run_value(engine_.create_container(spec, kCall)));
  ASSERT_TRUE(run_value(runner_.remove_leftovers()));
  EXPECT_THAT(containers_left(), ElementsAre());
}

}  // namespace
}  // namespace croft::build

int main(int argc, char** argv) {
  if (std::getenv("CROFT_TEST_ENGINE") == nullptr) {
    std::cerr << "CROFT_TEST_ENGINE is not set: it names the socket of a container engine for "
                 "tests. `./dev test integration` starts one.\n";
    return 1;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
