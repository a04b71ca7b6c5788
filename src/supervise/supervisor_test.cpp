// The supervisor with releases whose programs are scripts, and a /readyz that the test answers.
#include "supervise/supervisor.h"

#include <gmock/gmock.h>

#include <csignal>

#include "base/file.h"
#include "net/http_server.h"
#include "task/group.h"

namespace croft::supervise {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Each start of a program is a line in `starts`; croftd also does what it is asked about the state.
constexpr const char* kGoodCroftd = R"(#!/bin/sh
home=$2
for word; do
  case $word in
    --check-store) [ ! -e "$home/state/unreadable" ] || { echo "croftd: too new" >&2; exit 1; }; exit 0 ;;
    --restore-snapshot) rm -f "$home/state/unreadable"; echo "restored" >> "$home/starts"; exit 0 ;;
  esac
done
echo "croftd $0 $$" >> "$home/starts"
exec sleep 600
)";
constexpr const char* kGoodNode = R"(#!/bin/sh
echo "node $0" >> "$2/starts"
exec sleep 600
)";
// Changes the state so that the older one cannot read it, and dies.
constexpr const char* kBadCroftd = R"(#!/bin/sh
case "$*" in *--check-store*) exit 0 ;; esac
: > "$2/state/unreadable"
exit 3
)";

class Ready final : public HttpHandler {
 public:
  Task<void> handle(HttpExchange& exchange) override {
    co_await exchange.respond(ready ? 200 : 503, {}, "");
  }
  bool ready = true;
};

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() {
    char path[] = "/tmp/croft-supervise-XXXXXX";
    home_ = ::mkdtemp(path);
    for (const char* folder : {"run", "state", "logs"}) fs::create_directories(home_ / folder);
    write(home_ / "run" / "node-id", "n");
    write(home_ / "state" / "install_id", "abc123");
    make_release(home_ / "given", kGoodCroftd);
  }
  ~SupervisorTest() override { fs::remove_all(home_); }

  static void write(const fs::path& file, std::string_view text, mode_t mode = 0644) {
    ASSERT_TRUE(write_file_atomically(file, text, mode));
  }
  static void make_release(const fs::path& folder, const char* croftd) {
    fs::create_directories(folder / "bin");
    for (const char* part : {"catalog", "images", "api"}) {
      fs::create_directories(folder / "share" / part);
    }
    write(folder / "bin" / "croftd", croftd, 0755);
    for (const char* name : {"croft-node", "croft-core", "croft-init", "croft-keep", "croft"}) {
      write(folder / "bin" / name, kGoodNode, 0755);
    }
  }

  Release given() const {
    return {.name = "", .programs = home_ / "given/bin", .data = home_ / "given/share"};
  }
  Releases releases() const { return {home_, given()}; }
  std::string starts() const {
    const auto text = read_file(home_ / "starts");
    return text ? *text : "";
  }

  // Runs `scenario` beside a supervisor and a control plane that answers.
  template <class Scenario>
  void with_supervisor(Scenario scenario) {
    runtime_.run_until_done(drive(&scenario));
  }
  template <class Scenario>
  Task<void> drive(Scenario* scenario) {
    HttpServer server(runtime_, ready_, {});
    const auto port = server.listen_tcp("127.0.0.1", 0);
    write(home_ / "run" / "api-url", "http://127.0.0.1:" + std::to_string(port.value_or(0)));
    Supervisor supervisor(
        runtime_, clock_,
        {.home = home_,
         .engine_socket = "/none",
         .given = given(),
         .croftd_words = {},
         .trial = {
             .whole = Millis(2000), .settled = Millis(300), .most_ends = 2, .back = Millis(300)}});
    Group group(runtime_);
    group.spawn("server", server.run());
    group.spawn("supervisor", [](Supervisor* one) -> Task<void> {
      EXPECT_EQ(co_await one->run(), 0);
    }(&supervisor));
    co_await (*scenario)();
    supervisor.request_stop();
    co_await server.stop(Millis(0));
    co_await group.join();
  }
  template <class Condition>
  static Task<bool> eventually(Condition condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) co_await sleep_for(Millis(5));
    co_return condition();
  }
  Task<UpgradeAnswer> try_release(std::string id, std::string release, bool restore = false) {
    const UpgradeFiles files(home_);
    EXPECT_TRUE(files.ask({.id = id, .release = release, .restore = restore}));
    EXPECT_TRUE(
        co_await eventually([&] { return files.answered() && files.answered()->id == id; }));
    co_return files.answered().value_or(UpgradeAnswer{});
  }

  fs::path home_;
  Runtime runtime_;
  SystemClock clock_;
  Ready ready_;
};

TEST_F(SupervisorTest, StartsBothAndAgainWhatEnds) {
  with_supervisor([this]() -> Task<void> {
    EXPECT_TRUE(co_await eventually([this] {
      return starts().find("croftd") != std::string::npos &&
             starts().find("node") != std::string::npos;
    }));
    const std::string before = starts();
    const std::string line = before.substr(before.find("croftd "));
    ::kill(std::stoi(line.substr(line.find("/bin/croftd ") + 12)), SIGKILL);
    EXPECT_TRUE(co_await eventually([&] { return starts().size() > before.size(); }));
  });
}

TEST_F(SupervisorTest, AReleaseThatWorksIsKeptAndCanBeLeftAgain) {
  make_release(home_ / "new", kGoodCroftd);
  const auto added = releases().add(home_ / "new", {1000});
  ASSERT_TRUE(added) << added.error().describe();
  with_supervisor([&]() -> Task<void> {
    const UpgradeAnswer up = co_await try_release("1", added->name);
    EXPECT_TRUE(up.done) << up.problem;
    EXPECT_EQ(up.release, added->name);
    EXPECT_THAT(starts(), HasSubstr(added->name));
    EXPECT_EQ(releases().current()->name, added->name);
    EXPECT_EQ((*releases().previous())->name, "");
    const UpgradeAnswer back = co_await try_release("2", "");
    EXPECT_TRUE(back.done) << back.problem;
    EXPECT_EQ(releases().current()->name, "");
    EXPECT_EQ((*releases().previous())->name, added->name);
  });
  EXPECT_FALSE(UpgradeFiles(home_).noted());
}

TEST_F(SupervisorTest, AReleaseThatDiesIsTakenBackWithTheStateItSpoiled) {
  make_release(home_ / "new", kBadCroftd);
  const auto added = releases().add(home_ / "new", {1000});
  ASSERT_TRUE(added);
  with_supervisor([&]() -> Task<void> {
    const UpgradeAnswer answer = co_await try_release("1", added->name);
    EXPECT_FALSE(answer.done);
    EXPECT_TRUE(answer.restored);
    EXPECT_THAT(answer.problem, HasSubstr("its programs ended 3 times"));
    EXPECT_EQ(answer.release, "");
    EXPECT_THAT(starts(), HasSubstr("restored"));
  });
  EXPECT_EQ(releases().current()->name, "");
  EXPECT_FALSE(fs::exists(home_ / "releases" / added->name)) << "a failed release goes";
}

TEST_F(SupervisorTest, AReleaseThatIsNeverReadyIsTakenBackAndTheStateLeftAsItIs) {
  make_release(home_ / "new", kGoodCroftd);
  const auto added = releases().add(home_ / "new", {1000});
  ASSERT_TRUE(added);
  with_supervisor([&]() -> Task<void> {
    ready_.ready = false;
    const UpgradeAnswer answer = co_await try_release("1", added->name);
    EXPECT_FALSE(answer.done);
    EXPECT_FALSE(answer.restored);
    EXPECT_THAT(answer.problem, HasSubstr("not ready within"));
  });
}

TEST_F(SupervisorTest, WhatCannotReadTheStateIsNotEvenStarted) {
  make_release(home_ / "new", kGoodCroftd);
  const auto added = releases().add(home_ / "new", {1000});
  ASSERT_TRUE(added);
  write(home_ / "state" / "unreadable", "");
  with_supervisor([&]() -> Task<void> {
    const UpgradeAnswer answer = co_await try_release("1", added->name);
    EXPECT_FALSE(answer.done);
    EXPECT_THAT(answer.problem, HasSubstr("too new"));
    EXPECT_EQ(starts().find(added->name), std::string::npos);
    const UpgradeAnswer gone = co_await try_release("2", "no-such");
    EXPECT_THAT(gone.problem, HasSubstr("is gone"));
  });
}

TEST_F(SupervisorTest, AnInterruptedTrialGoesOn) {
  make_release(home_ / "new", kGoodCroftd);
  const auto added = releases().add(home_ / "new", {1000});
  ASSERT_TRUE(added);
  const UpgradeFiles files(home_);
  ASSERT_TRUE(files.note({.request = {.id = "1", .release = added->name}, .from = ""}));
  ASSERT_TRUE(releases().set_current(added->name));
  with_supervisor([&]() -> Task<void> {
    EXPECT_TRUE(co_await eventually([&] { return files.answered().has_value(); }));
    EXPECT_TRUE(files.answered()->done);
  });
  // Killed on the way back: the older one is started, and the answer given.
  ASSERT_TRUE(files.note({.request = {.id = "2", .release = added->name},
                          .from = "",
                          .going_back = true,
                          .problem = "it burned"}));
  with_supervisor([&]() -> Task<void> {
    EXPECT_TRUE(co_await eventually([&] { return files.answered()->id == "2"; }));
    EXPECT_FALSE(files.answered()->done);
    EXPECT_EQ(files.answered()->problem, "it burned");
  });
  EXPECT_EQ(releases().current()->name, "");
}

TEST_F(SupervisorTest, AFolderThatIsNoReleaseIsRefused) {
  make_release(home_ / "new", kGoodCroftd);
  fs::remove(home_ / "new/bin/croft-core");
  const auto incomplete = releases().add(home_ / "new", {1000});
  ASSERT_FALSE(incomplete);
  EXPECT_THAT(incomplete.error().message(), HasSubstr("croft-core"));
  make_release(home_ / "new", kGoodCroftd);
  fs::remove_all(home_ / "new/share/images");
  EXPECT_THAT(releases().add(home_ / "new", {1000}).error().message(), HasSubstr("share/images"));
  EXPECT_FALSE(fs::exists(home_ / "releases")) << "nothing half-made stays";
}

}  // namespace
}  // namespace croft::supervise
