#include "node/log_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/random.h"
#include "logs/log_db.h"
#include "node/fake/fake_log_source.h"
#include "store/sqlite/sqlite_database.h"

namespace croft::node {
namespace {

using testing::ElementsAre;

const ProjectId kProject = *ProjectId::parse(std::string(kIdLength, 'p'));

// The real log database, behind a network that loses requests and answers.
class FaultySink final : public LogSink {
 public:
  explicit FaultySink(Random& random) : random_(random) {
    auto db = LogDb::open(sqlite_memory());
    EXPECT_TRUE(db);
    db_ = std::move(*db);
  }

  Task<Status> store(std::vector<LogRecord> records) override {
    ++calls;
    const std::uint64_t fate = faulty ? random_.below(4) : 2;
    if (fate == 0) co_return fail(ErrorCode::kUnavailable, "the request was lost");
    const auto stored = db_->append("n1", records, Timestamp{1});
    if (!stored) co_return fail(stored.error());
    if (fate == 1) co_return fail(ErrorCode::kTimeout, "the answer was lost");
    co_return Status();
  }
  Task<Result<std::vector<LogCursor>>> cursors() override {
    if (faulty) co_return fail(ErrorCode::kUnavailable, "the request was lost");
    co_return db_->cursors("n1");
  }

  std::vector<std::string> lines_of(const std::string& container, LogStream stream) {
    std::vector<std::string> found;
    LogQuery query{.project = kProject, .container = container, .limit = kMaxLogLines, .after = 0};
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

  bool faulty = false;
  int calls = 0;

 private:
  Random& random_;
  std::unique_ptr<LogDb> db_;
};

// Refuses lines that say "poison", as the control plane does with what it cannot take.
class PickySink final : public LogSink {
 public:
  Task<Status> store(std::vector<LogRecord> records) override {
    for (const LogRecord& record : records) {
      if (record.line == "poison") co_return fail(ErrorCode::kInvalid, "poison");
    }
    for (const LogRecord& record : records) taken.push_back(record.line);
    co_return Status();
  }
  Task<Result<std::vector<LogCursor>>> cursors() override { co_return std::vector<LogCursor>(); }

  std::vector<std::string> taken;
};

LogContainer container(const std::string& id) {
  return {.id = id,
          .role = "runtime",
          .project = kProject,
          .service = *ServiceId::parse(std::string(kIdLength, 's')),
          .instance = id};
}

engine::LogFrame frame(std::int64_t ts, std::string text, bool error = false,
                       bool complete = true) {
  return {.source = error ? engine::OutputSource::kStderr : engine::OutputSource::kStdout,
          .time_ns = ts,
          .text = std::move(text),
          .complete = complete};
}

Task<void> run_and_tell(LogCollector* collector, bool* ended) {
  co_await collector->run();
  *ended = true;
}

// Runs the collector until `done` says so (or for 20 s), then stops it.
Task<bool> run_until(Runtime* runtime, LogCollector* collector, std::function<bool()> done) {
  Group group(*runtime);
  bool ended = false;
  group.spawn("collector", run_and_tell(collector, &ended));
  int left = 20'000;
  while (!done() && --left > 0) co_await sleep_for(Millis(1));
  collector->stop();
  co_await group.join();
  co_return left > 0;
}

class LogCollectorTest : public testing::Test {
 protected:
  LogCollectorTest() {
    std::string pattern = testing::TempDir() + "collector-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~LogCollectorTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path cursors() const { return directory_ / "cursors.json"; }

  bool collect(LogSink& sink, std::function<bool()> done) {
    LogCollector collector(runtime_, source_, sink, cursors(), kFast);
    return runtime_.run_until_done(run_until(&runtime_, &collector, std::move(done)));
  }
  std::function<bool()> stored(const std::string& id, std::size_t count) {
    return [this, id, count] { return sink_.lines_of(id, LogStream::kStdout).size() >= count; };
  }

  static constexpr LogCollectorOptions kFast{.list_period = Millis(2),
                                             .retry_delay = Millis(1),
                                             .send_retry_delay = Millis(1),
                                             .linger = Millis(1),
                                             .save_period = Millis(1)};

  std::filesystem::path directory_;
  Runtime runtime_;
  SeededRandom random_{7};
  FakeLogSource source_{runtime_};
  FaultySink sink_{random_};
};

TEST_F(LogCollectorTest, BringsWhatIsThereAndGoesOnAfterARestart) {
  source_.add(container("c1"));
  source_.print("c1", frame(1, "a"));
  source_.print("c1", frame(1, "b"));
  EXPECT_TRUE(collect(sink_, stored("c1", 2)));
  source_.print("c1", frame(1, "c"));
  source_.print("c1", frame(2, "d"));
  EXPECT_TRUE(collect(sink_, stored("c1", 4)));
  EXPECT_THAT(sink_.lines_of("c1", LogStream::kStdout), ElementsAre("a", "b", "c", "d"));
}

TEST_F(LogCollectorTest, WithoutItsFileItAsksTheControlPlane) {
  source_.add(container("c1"));
  source_.print("c1", frame(1, "a"));
  EXPECT_TRUE(collect(sink_, stored("c1", 1)));
  std::filesystem::remove(cursors());
  source_.print("c1", frame(2, "b"));
  const int calls = sink_.calls;
  EXPECT_TRUE(collect(sink_, stored("c1", 2)));
  EXPECT_THAT(sink_.lines_of("c1", LogStream::kStdout), ElementsAre("a", "b"));
  EXPECT_EQ(sink_.calls, calls + 1);
}

TEST_F(LogCollectorTest, ADamagedFileLosesNothing) {
  source_.add(container("c1"));
  source_.print("c1", frame(1, "a"));
  EXPECT_TRUE(collect(sink_, stored("c1", 1)));
  ASSERT_TRUE(write_file_atomically(cursors(), "[{"));
  source_.print("c1", frame(2, "b"));
  EXPECT_TRUE(collect(sink_, stored("c1", 2)));
  EXPECT_THAT(sink_.lines_of("c1", LogStream::kStdout), ElementsAre("a", "b"));
}

TEST_F(LogCollectorTest, ReadsTheLastLinesOfAContainerThatEnded) {
  source_.add(container("c1"));
  source_.print("c1", frame(1, "first"));
  source_.print("c1", frame(2, "no line end", false, false));
  source_.end("c1");
  EXPECT_TRUE(collect(sink_, stored("c1", 2)));
  EXPECT_THAT(sink_.lines_of("c1", LogStream::kStdout), ElementsAre("first", "no line end"));
}

TEST_F(LogCollectorTest, ForgetsAContainerThatIsGone) {
  source_.add(container("c1"));
  source_.print("c1", frame(1, "a"));
  source_.end("c1");
  EXPECT_TRUE(collect(sink_, stored("c1", 1)));
  EXPECT_NE(read_file(cursors())->find("c1"), std::string::npos);
  bool removed = false;
  EXPECT_TRUE(collect(sink_, [&] {
    // Not before it was seen by this collector.
    if (!removed && source_.opened() > 1) {
      source_.remove("c1");
      removed = true;
    }
    return removed && read_file(cursors())->find("c1") == std::string::npos;
  }));
}

TEST_F(LogCollectorTest, ARefusedLineDoesNotHoldUpTheOthers) {
  PickySink picky;
  source_.add(container("c1"));
  for (const char* text : {"a", "poison", "b"}) source_.print("c1", frame(1, text));
  EXPECT_TRUE(collect(picky, [&] { return picky.taken.size() == 2; }));
  EXPECT_THAT(picky.taken, ElementsAre("a", "b"));
}

TEST_F(LogCollectorTest, WaitsWithBoundedMemoryWhileTheControlPlaneIsDown) {
  sink_.faulty = true;
  source_.add(container("c1"));
  constexpr std::size_t kLines = 9000;
  for (std::size_t i = 0; i < kLines; ++i) {
    source_.print("c1", frame(static_cast<std::int64_t>(i), std::to_string(i)));
  }
  EXPECT_TRUE(collect(sink_, stored("c1", kLines)));
  const auto lines = sink_.lines_of("c1", LogStream::kStdout);
  ASSERT_EQ(lines.size(), kLines);
  for (std::size_t i = 0; i < kLines; ++i) ASSERT_EQ(lines[i], std::to_string(i));
}

// Prints while everything fails: lost requests and answers, broken streams, an engine that is away,
// and a collector that is killed and starts with an old file of cursors. In the end every line is
// there once and in order.
class LogCollectorCrash : public LogCollectorTest, public testing::WithParamInterface<unsigned> {
 protected:
  static constexpr int kContainers = 3;

  void print_some() {
    for (int n = static_cast<int>(random_.below(4)); n > 0; --n) {
      const auto c = random_.below(kContainers);
      const bool error = random_.below(3) == 0;
      // Often the same time again.
      now_ += random_.below(2) == 0 ? 0 : 1'000'000;
      const std::string text = std::to_string(++printed_);
      const std::string id = "c" + std::to_string(c);
      expected_[{id, error ? LogStream::kStderr : LogStream::kStdout}].push_back(text);
      if (random_.below(5) == 0) {
        source_.print(id, frame(now_, text.substr(0, 1), error, false));
        source_.print(id, frame(now_, text.substr(1), error));
      } else {
        source_.print(id, frame(now_, text, error));
      }
    }
  }
  bool all_stored() {
    for (const auto& [stream, lines] : expected_) {
      if (sink_.lines_of(stream.first, stream.second).size() < lines.size()) return false;
    }
    return true;
  }

  std::int64_t now_ = 1'000'000'000;
  int printed_ = 0;
  std::map<std::pair<std::string, LogStream>, std::vector<std::string>> expected_;
};

TEST_P(LogCollectorCrash, EveryLineOnce) {
  random_ = SeededRandom(GetParam());
  for (int c = 0; c < kContainers; ++c) source_.add(container("c" + std::to_string(c)));
  for (int life = 0; life < 12; ++life) {
    sink_.faulty = true;
    int ticks = static_cast<int>(5 + random_.below(20));
    const std::string old = read_file(cursors()).value_or("");
    collect(sink_, [&] {
      print_some();
      if (random_.below(6) == 0) source_.break_streams();
      source_.set_available(random_.below(5) != 0);
      return --ticks == 0;
    });
    source_.set_available(true);
    // A kill does not save: the file is what it was at some time before.
    if (random_.below(2) == 0) ASSERT_TRUE(write_file_atomically(cursors(), old));
  }
  sink_.faulty = false;
  EXPECT_TRUE(collect(sink_, [&] { return all_stored(); }));
  for (const auto& [stream, lines] : expected_) {
    EXPECT_EQ(sink_.lines_of(stream.first, stream.second), lines) << stream.first;
  }
  EXPECT_GT(printed_, 100);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LogCollectorCrash, testing::Range(1u, 9u));

}  // namespace
}  // namespace croft::node
