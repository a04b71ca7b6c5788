// The log collector on the real engine at the socket in CROFT_TEST_ENGINE: a container prints while
// the collector is stopped and started again and loses what it knew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "engine/docker/docker_engine.h"
#include "engine/fake/tar.h"
#include "logs/log_db.h"
#include "node/log_collector.h"
#include "store/sqlite/sqlite_database.h"

namespace croft::node {
namespace {

constexpr Millis kLimit{30'000};
constexpr int kLines = 3000;

const ProjectId kProject = *ProjectId::parse(std::string(kIdLength, 'p'));

class DbSink final : public LogSink {
 public:
  DbSink() : db_(*LogDb::open(sqlite_memory())) {}
  Task<Status> store(std::vector<LogRecord> records) override {
    const auto stored = db_->append("n1", records, Timestamp{1});
    if (!stored) co_return fail(stored.error());
    co_return Status();
  }
  Task<Result<std::vector<LogCursor>>> cursors() override { co_return db_->cursors("n1"); }

  std::vector<std::string> lines(LogStream stream) {
    std::vector<std::string> found;
    LogQuery query{.project = kProject, .limit = kMaxLogLines, .after = 0};
    for (bool more = true; more;) {
      const auto page = db_->query(query);
      EXPECT_TRUE(page);
      if (!page) break;
      for (const LogLine& line : page->lines) {
        if (line.stream == stream) found.push_back(line.line);
      }
      query.after = page->next;
      more = page->more;
    }
    return found;
  }

 private:
  std::unique_ptr<LogDb> db_;
};

class RealEngine : public testing::Test {
 protected:
  void SetUp() override {
    const char* socket = std::getenv("CROFT_TEST_ENGINE");
    ASSERT_NE(socket, nullptr) << "CROFT_TEST_ENGINE names the socket of an engine for tests; "
                                  "`./dev test integration` starts one";
    engine_.emplace(runtime_, socket);
    std::string pattern = testing::TempDir() + "logs-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    SystemRandom random;
    run_ = "croftlogs" + std::to_string(random.below(1'000'000'000));
    runtime_.run_until_done(import_base(&failure_));
    ASSERT_EQ(failure_, "");
  }
  void TearDown() override {
    if (!engine_) return;
    runtime_.run_until_done(clean_up());
    std::filesystem::remove_all(directory_);
  }

  Task<void> import_base(std::string* failure) {
    auto busybox = read_file("/bin/busybox");
    if (!busybox) {
      *failure = "install the package busybox-static";
      co_return;
    }
    engine::TarFiles files{{"bin/", {}},
                           {"bin/busybox", {std::move(*busybox), "", 0755}},
                           {"bin/sh", {"", "busybox", 0777}},
                           {"bin/sleep", {"", "busybox", 0777}}};
    StringSource tar(engine::write_tar(files));
    const engine::ImageConfig config{.env = {{"PATH", "/bin"}}};
    const auto imported = co_await engine_->import_image(run_ + ":base", tar, config, kLimit);
    if (!imported) *failure = imported.error().describe();
  }

  Task<void> start(std::string script, std::string* failure) {
    engine::ContainerSpec spec;
    spec.name = run_;
    spec.network_mode = "none";
    spec.settings.image = run_ + ":base";
    spec.settings.command = {"/bin/sh", "-c", std::move(script)};
    spec.settings.labels = {{"croft.install", run_},
                            {"croft.role", "runtime"},
                            {"croft.project", kProject.str()},
                            {"croft.service", std::string(kIdLength, 's')}};
    const auto created = co_await engine_->create_container(spec, kLimit);
    const auto started = created ? co_await engine_->start_container(*created, kLimit)
                                 : Status(fail(created.error()));
    if (!started) *failure = started.error().describe();
  }

  Task<void> clean_up() {
    co_await engine_->remove_container(run_, true, kLimit);
    co_await engine_->remove_image(run_ + ":base", true, kLimit);
  }

  std::filesystem::path cursors() const { return directory_ / "cursors.json"; }

  Runtime runtime_;
  std::optional<engine::DockerEngine> engine_;
  std::filesystem::path directory_;
  std::string run_;
  std::string failure_;
  DbSink sink_;
};

Task<void> run_for(Runtime* runtime, LogCollector* collector, Millis duration,
                   std::function<bool()> done) {
  Group group(*runtime);
  group.spawn("collector", collector->run());
  for (Millis left = duration; left.count() > 0 && !done(); left -= Millis(20)) {
    co_await sleep_for(Millis(20));
  }
  collector->stop();
  co_await group.join();
}

TEST_F(RealEngine, EveryLineOnceWhileTheCollectorComesAndGoes) {
  const std::string script =
      "i=0; while [ $i -lt 3000 ]; do echo \"out $i\"; echo \"err $i\" >&2; i=$((i+1)); "
      "[ $((i % 300)) = 0 ] && sleep 0.2; done; printf '%040000d\\n' 7; printf 'no line end'; "
      "sleep 1";
  runtime_.run_until_done(start(script, &failure_));
  ASSERT_EQ(failure_, "");
  EngineLogSource source(*engine_, run_);
  const auto all_there = [&] { return sink_.lines(LogStream::kStdout).size() == kLines + 2; };
  const LogCollectorOptions options{.list_period = Millis(100), .linger = Millis(10)};
  std::string before_last_life;
  for (int life = 0; life < 8 && !all_there(); ++life) {
    // Killed every other time: the file is older than what was stored.
    const std::string known = read_file(cursors()).value_or("");
    if (life % 2 == 1) {
      ASSERT_TRUE(write_file_atomically(cursors(), before_last_life));
    }
    before_last_life = known;
    LogCollector collector(runtime_, source, sink_, cursors(), options);
    const Millis duration = life < 6 ? Millis(350) : Millis(20'000);
    runtime_.run_until_done(run_for(&runtime_, &collector, duration, all_there));
  }
  const auto out = sink_.lines(LogStream::kStdout);
  const auto err = sink_.lines(LogStream::kStderr);
  ASSERT_EQ(out.size(), kLines + 2u);
  ASSERT_EQ(err.size(), static_cast<std::size_t>(kLines));
  for (std::size_t i = 0; i < kLines; ++i) {
    ASSERT_EQ(out[i], "out " + std::to_string(i));
    ASSERT_EQ(err[i], "err " + std::to_string(i));
  }
  EXPECT_EQ(out[kLines], std::string(kMaxLogLine, '0') + kLogLineCut);
  EXPECT_EQ(out[kLines + 1], "no line end");
}

}  // namespace
}  // namespace croft::node
