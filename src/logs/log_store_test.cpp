#include "logs/log_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/sqlite/sqlite_database.h"
#include "task/group.h"

namespace croft {
namespace {

using testing::ElementsAre;

class LogStoreTest : public testing::Test {
 protected:
  LogStoreTest() {
    auto store = LogStore::open(sqlite_memory(), clock_, {});
    EXPECT_TRUE(store);
    store_ = std::move(*store);
  }

  static LogRecord record(std::int64_t ts, std::string line) {
    return {.container = "c1",
            .ts = ts,
            .project = *ProjectId::parse(std::string(kIdLength, 'p')),
            .service = *ServiceId::parse(std::string(kIdLength, 's')),
            .line = std::move(line)};
  }
  static LogQuery query() { return {.project = *ProjectId::parse(std::string(kIdLength, 'p'))}; }

  Runtime runtime_;
  ManualClock clock_;
  std::unique_ptr<LogStore> store_;
};

Task<void> collect(LogFollower* follower, std::size_t wanted, std::vector<std::string>* lines) {
  while (lines->size() < wanted) {
    auto more = co_await follower->next(Millis(20'000));
    if (!more || more->empty()) co_return;
    for (const LogLine& line : *more) lines->push_back(line.line);
  }
}

Task<Status> append_some(LogStore* store, std::vector<std::vector<LogRecord>> batches) {
  for (auto& batch : batches) {
    auto stored = co_await store->append("n1", std::move(batch));
    if (!stored) co_return stored;
  }
  co_return Status();
}

Task<void> follow_and_append(Runtime* runtime, LogStore* store, LogFollower* follower,
                             std::vector<std::vector<LogRecord>> batches, std::size_t wanted,
                             std::vector<std::string>* lines) {
  Group group(*runtime);
  group.spawn("follower", collect(follower, wanted, lines));
  co_await append_some(store, std::move(batches));
  co_await group.join();
}

TEST_F(LogStoreTest, AFollowerSeesWhatWasThereAndWhatComesOnce) {
  ASSERT_TRUE(runtime_.run_until_done(append_some(store_.get(), {{record(1, "before")}})));
  LogFollower follower(runtime_, *store_, query());
  std::vector<std::string> lines;
  runtime_.run_until_done(follow_and_append(
      &runtime_, store_.get(), &follower,
      {{record(2, "a"), record(3, "b")}, {record(3, "b")}, {record(4, "c")}}, 4, &lines));
  EXPECT_THAT(lines, ElementsAre("before", "a", "b", "c"));
}

TEST_F(LogStoreTest, AFollowerThatNothingHappensForComesBackEmpty) {
  LogFollower follower(runtime_, *store_, query());
  const auto lines = runtime_.run_until_done(follower.next(Millis(1)));
  ASSERT_TRUE(lines);
  EXPECT_TRUE(lines->empty());
}

TEST_F(LogStoreTest, SpeaksTheAgentProtocol) {
  const std::string body = write_log_records({record(1, "a"), record(2, "b")});
  ASSERT_TRUE(runtime_.run_until_done(store_->append_ndjson("n1", body)));
  ASSERT_TRUE(runtime_.run_until_done(store_->append_ndjson("n1", body)));
  EXPECT_EQ(runtime_.run_until_done(store_->query(query()))->lines.size(), 2u);
  EXPECT_EQ(*runtime_.run_until_done(store_->cursors_json("n1")),
            R"([{"container":"c1","stream":"stdout","ts":2,"seq":0}])");
  EXPECT_FALSE(runtime_.run_until_done(store_->append_ndjson("n1", "nonsense")));
}

TEST_F(LogStoreTest, RetainsByAge) {
  ASSERT_TRUE(runtime_.run_until_done(append_some(store_.get(), {{record(1, "old")}})));
  clock_.advance(LogLimits{}.max_age + Millis(1));
  ASSERT_TRUE(runtime_.run_until_done(append_some(store_.get(), {{record(2, "new")}})));
  ASSERT_TRUE(runtime_.run_until_done(store_->retain()));
  const auto page = runtime_.run_until_done(store_->query(query()));
  ASSERT_EQ(page->lines.size(), 1u);
  EXPECT_EQ(page->lines.front().line, "new");
}

TEST_F(LogStoreTest, AClockThatJumpsDeletesNothing) {
  ASSERT_TRUE(runtime_.run_until_done(append_some(store_.get(), {{record(1, "kept")}})));
  clock_.jump_wall_clock(Millis(365ll * 24 * 3'600'000));
  ASSERT_TRUE(runtime_.run_until_done(store_->retain()));
  EXPECT_EQ(runtime_.run_until_done(store_->query(query()))->lines.size(), 1u);
  // A clock that stays there for a day is right.
  clock_.advance(ClockWatch::kQuarantine);
  ASSERT_TRUE(runtime_.run_until_done(store_->retain()));
  EXPECT_TRUE(runtime_.run_until_done(store_->query(query()))->lines.empty());
}

}  // namespace
}  // namespace croft
