#include "logs/log_db.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "store/sqlite/sqlite_database.h"

namespace croft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Timestamp kNow{1'800'000'000'000};

template <class T>
T id(char c) {
  return *T::parse(std::string(kIdLength, c));
}

LogRecord record(std::string container, std::int64_t ts, std::int64_t seq, std::string line) {
  return {.container = std::move(container),
          .ts = ts,
          .seq = seq,
          .role = "runtime",
          .project = id<ProjectId>('p'),
          .service = id<ServiceId>('s'),
          .set = id<InstanceSetId>('i'),
          .instance = "api-1",
          .line = std::move(line)};
}

std::vector<std::string> texts(const Result<LogPage>& page) {
  std::vector<std::string> lines;
  EXPECT_TRUE(page) << page.error().describe();
  if (page) {
    for (const LogLine& line : page->lines) lines.push_back(line.line);
  }
  return lines;
}

class LogDbTest : public testing::Test {
 protected:
  LogDbTest() {
    auto db = LogDb::open(sqlite_memory());
    EXPECT_TRUE(db);
    db_ = std::move(*db);
  }

  std::int64_t append(const std::vector<LogRecord>& records, Timestamp now = kNow) {
    const auto stored = db_->append("n1", records, now);
    EXPECT_TRUE(stored) << stored.error().describe();
    return stored.value_or(-1);
  }
  LogQuery query() const { return {.project = id<ProjectId>('p')}; }

  std::unique_ptr<LogDb> db_;
};

TEST_F(LogDbTest, KeepsTheOrderOfArrival) {
  EXPECT_EQ(append({record("c1", 10, 0, "one"), record("c2", 5, 0, "two")}), 2);
  EXPECT_EQ(append({record("c1", 11, 0, "three")}), 1);
  const auto page = db_->query(query());
  EXPECT_THAT(texts(page), ElementsAre("one", "two", "three"));
  EXPECT_EQ(page->lines[1].ts, 5);
  EXPECT_EQ(page->lines[1].container, "c2");
  EXPECT_EQ(page->lines[1].instance, "api-1");
  EXPECT_FALSE(page->more);
}

TEST_F(LogDbTest, AnAppendMayBeRepeated) {
  const std::vector<LogRecord> batch{record("c1", 10, 0, "a"), record("c1", 10, 1, "b"),
                                     record("c1", 12, 0, "c")};
  EXPECT_EQ(append(batch), 3);
  EXPECT_EQ(append(batch), 0);
  // One that overlaps; the other stream of the container stands for itself.
  LogRecord other = record("c1", 11, 0, "err");
  other.stream = LogStream::kStderr;
  EXPECT_EQ(append({batch[1], batch[2], record("c1", 12, 1, "d"), other}), 2);
  EXPECT_THAT(texts(db_->query(query())), ElementsAre("a", "b", "c", "d", "err"));
}

TEST_F(LogDbTest, RefusesAWholeBatchForOneBadRecord) {
  LogRecord nameless = record("", 11, 0, "x");
  EXPECT_FALSE(db_->append("n1", {record("c1", 10, 0, "a"), nameless}, kNow));
  const auto large = record("c1", 11, 0, std::string(5 * kMaxLogLine, 'x'));
  EXPECT_EQ(db_->append("n1", {record("c1", 10, 0, "a"), large}, kNow).error().code(),
            ErrorCode::kTooLarge);
  EXPECT_THAT(texts(db_->query(query())), IsEmpty());
  EXPECT_EQ(append({record("c1", 10, 0, "a")}), 1);
}

TEST_F(LogDbTest, KnowsWhereEveryStreamStands) {
  append({record("c1", 10, 0, "a"), record("c1", 10, 1, "b"), record("c2", 7, 0, "c")});
  ASSERT_TRUE(db_->append("n2", {record("c3", 1, 0, "elsewhere")}, kNow));
  const auto cursors = db_->cursors("n1");
  ASSERT_TRUE(cursors);
  ASSERT_EQ(cursors->size(), 2u);
  EXPECT_EQ((*cursors)[0].container, "c1");
  EXPECT_EQ((*cursors)[0].position(), (LogPosition{10, 1}));
  EXPECT_EQ((*cursors)[1].position(), (LogPosition{7, 0}));
}

TEST_F(LogDbTest, NarrowsDown) {
  LogRecord web = record("c9", 4, 0, "web line");
  web.service = id<ServiceId>('w');
  LogRecord next_set = record("c2", 3, 0, "api new");
  next_set.set = id<InstanceSetId>('j');
  next_set.instance = "api-2";
  LogRecord foreign = record("c8", 5, 0, "foreign");
  foreign.project = id<ProjectId>('q');
  append({record("c1", 2, 0, "api old 50%"), next_set, web, foreign});

  EXPECT_THAT(texts(db_->query(query())), ElementsAre("api old 50%", "api new", "web line"));
  LogQuery narrow = query();
  narrow.service = id<ServiceId>('s');
  EXPECT_THAT(texts(db_->query(narrow)), ElementsAre("api old 50%", "api new"));
  narrow.set = id<InstanceSetId>('j');
  EXPECT_THAT(texts(db_->query(narrow)), ElementsAre("api new"));
  narrow = query();
  narrow.container = "c1";
  EXPECT_THAT(texts(db_->query(narrow)), ElementsAre("api old 50%"));
  narrow = query();
  narrow.instance = "api-2";
  EXPECT_THAT(texts(db_->query(narrow)), ElementsAre("api new"));
  narrow = query();
  narrow.grep = "0%";
  EXPECT_THAT(texts(db_->query(narrow)), ElementsAre("api old 50%"));
  narrow.grep = ".*";
  EXPECT_THAT(texts(db_->query(narrow)), IsEmpty());
}

TEST_F(LogDbTest, SinceGoesByTheTimeOfTheLine) {
  const std::int64_t ms = 1'000'000;
  append({record("c1", (kNow.ms - 5000) * ms, 0, "early"), record("c1", kNow.ms * ms, 0, "late")});
  LogQuery narrow = query();
  narrow.since = kNow + Millis(-1000);
  EXPECT_THAT(texts(db_->query(narrow)), ElementsAre("late"));
  // An old line that arrived late, after an outage, is found by its own time.
  append({record("c2", (kNow.ms - 500) * ms, 0, "delayed")}, kNow + Millis(3'600'000));
  EXPECT_THAT(texts(db_->query(narrow)), ElementsAre("late", "delayed"));
  // In nanoseconds these are more than 64 bits hold.
  narrow.since = parse_rfc3339("9999-12-31T00:00:00Z");
  EXPECT_THAT(texts(db_->query(narrow)), IsEmpty());
  narrow.since = parse_rfc3339("0001-01-01T00:00:00Z");
  EXPECT_EQ(texts(db_->query(narrow)).size(), 3u);
}

TEST_F(LogDbTest, PagesForwardWithoutGapsAndShowsTheNewestFirst) {
  std::vector<LogRecord> batch;
  for (int i = 0; i < 500; ++i) {
    batch.push_back(record(i % 2 == 0 ? "c1" : "c2", i, 0, std::to_string(i)));
    if (i % 3 == 0) batch.back().service = id<ServiceId>('w');
  }
  // A container belongs to one service.
  for (LogRecord& r : batch) r.container += r.service.str();
  append(batch);
  LogQuery newest = query();
  newest.limit = 3;
  const auto tail = db_->query(newest);
  EXPECT_THAT(texts(tail), ElementsAre("497", "498", "499"));
  EXPECT_TRUE(tail->more);
  EXPECT_EQ(tail->next, 500);

  LogQuery forward = query();
  forward.limit = 7;
  forward.after = 0;
  std::vector<std::string> all;
  for (;;) {
    const auto page = db_->query(forward);
    ASSERT_TRUE(page);
    for (const LogLine& line : page->lines) all.push_back(line.line);
    forward.after = page->next;
    if (!page->more) break;
  }
  ASSERT_EQ(all.size(), 500u);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(LogDbTest, ALongSearchStopsAndGoesOn) {
  std::vector<LogRecord> batch;
  for (int i = 0; i < 250; ++i) batch.push_back(record("c1", i, 0, i == 240 ? "needle" : "hay"));
  append(batch);
  LogQuery search = query();
  search.grep = "needle";
  search.after = 0;
  auto page = db_->query(search, 100);
  EXPECT_THAT(texts(page), IsEmpty());
  EXPECT_TRUE(page->more);
  EXPECT_EQ(page->next, 100);
  search.after = page->next;
  page = db_->query(search, 100);
  search.after = page->next;
  page = db_->query(search, 100);
  EXPECT_THAT(texts(page), ElementsAre("needle"));
  EXPECT_FALSE(page->more);
  EXPECT_EQ(page->next, 250);
}

TEST_F(LogDbTest, RefusesALimitOutOfRange) {
  LogQuery bad = query();
  for (const int limit : {0, -1, kMaxLogLines + 1}) {
    bad.limit = limit;
    EXPECT_EQ(db_->query(bad).error().code(), ErrorCode::kInvalid);
  }
}

TEST_F(LogDbTest, OldLinesGoByAge) {
  append({record("c1", 1, 0, "old")}, kNow);
  append({record("c1", 2, 0, "new")}, kNow + Millis(10'000));
  const LogLimits limits{.max_age = Millis(5000)};
  EXPECT_EQ(*db_->retain(limits, kNow + Millis(11'000)), 1);
  EXPECT_EQ(*db_->retain(limits, kNow + Millis(11'000)), 0);
  EXPECT_THAT(texts(db_->query(query())), ElementsAre("new"));
  // All gone: ids go on, so that nobody's cursor points into the future.
  const std::int64_t last = db_->query(query())->next;
  EXPECT_EQ(*db_->retain(limits, kNow + Millis(60'000)), 1);
  append({record("c1", 3, 0, "next")}, kNow + Millis(60'000));
  EXPECT_GT(db_->query(query())->lines.front().id, last);
}

TEST_F(LogDbTest, TheChattyServiceLosesItsLinesFirst) {
  std::vector<LogRecord> batch{record("quiet", 1, 0, std::string(100, 'q'))};
  for (int i = 0; i < 6000; ++i) {
    batch.push_back(record("loud", i, 0, std::string(100, 'l')));
    batch.back().service = id<ServiceId>('l');
  }
  append(batch);
  const LogLimits limits{.max_bytes = 300'000};
  while (*db_->retain(limits, kNow) > 0) {
  }
  LogQuery quiet = query();
  quiet.service = id<ServiceId>('s');
  EXPECT_EQ(texts(db_->query(quiet)).size(), 1u);
  LogQuery loud = query();
  loud.service = id<ServiceId>('l');
  loud.limit = kMaxLogLines;
  const std::size_t left = texts(db_->query(loud)).size();
  EXPECT_GT(left, 0u);
  EXPECT_LE(left * 100, 300'000u);
}

TEST_F(LogDbTest, AProjectOverItsShareLosesItsOwnLinesOnly) {
  std::vector<LogRecord> batch;
  for (int i = 0; i < 100; ++i) {
    batch.push_back(record("ours", i, 0, std::string(100, 'o')));
    batch.push_back(record("theirs", i, 0, std::string(100, 't')));
    batch.back().project = id<ProjectId>('q');
    batch.push_back(record("more", i, 0, std::string(300, 'm')));
    batch.back().project = id<ProjectId>('q');
    batch.back().service = id<ServiceId>('m');
  }
  append(batch);
  LogLimits limits;
  limits.max_project_bytes = 30'000;  // ours have 10 000, theirs 40 000
  while (*db_->retain(limits, kNow) > 0) {
  }
  LogQuery all = query();
  all.limit = kMaxLogLines;
  EXPECT_EQ(texts(db_->query(all)).size(), 100u);
  all.project = id<ProjectId>('q');
  all.service = id<ServiceId>('s');
  EXPECT_EQ(texts(db_->query(all)).size(), 100u);  // the quieter of the two
}

TEST_F(LogDbTest, AQuietStreamIsRememberedWhileItsLinesAreKept) {
  append({record("c1", 7, 0, "a")}, kNow);
  EXPECT_EQ(*db_->retain({}, kNow + Millis(1000)), 0);
  EXPECT_EQ(append({record("c1", 7, 0, "a")}, kNow + Millis(1000)), 0);
}

TEST(LogDbFile, LinesAreThereAfterAReopen) {
  std::string pattern = testing::TempDir() + "logs-XXXXXX";
  const std::filesystem::path directory = mkdtemp(pattern.data());
  for (int round = 0; round < 2; ++round) {
    auto db = LogDb::open(sqlite_file(directory / "logs.db"));
    ASSERT_TRUE(db) << db.error().describe();
    const auto stored =
        (*db)->append("n1", {record("c1", 5, 0, "a"), record("c1", 6, 0, "b")}, kNow);
    EXPECT_EQ(*stored, round == 0 ? 2 : 0);
    EXPECT_THAT(texts((*db)->query({.project = id<ProjectId>('p')})), ElementsAre("a", "b"));
  }
  std::filesystem::remove_all(directory);
}

TEST(LogRecords, RoundTrip) {
  LogRecord second = record("c2", 1'700'000'000'123'456'789, 3, "quote \" newline \n é");
  second.stream = LogStream::kStderr;
  const std::vector<LogRecord> records{record("c1", 1, 0, ""), second};
  const std::string text = write_log_records(records);
  const auto back = read_log_records("\n" + text);
  ASSERT_TRUE(back);
  EXPECT_EQ(write_log_records(*back), text);
  ASSERT_EQ(back->size(), 2u);
  EXPECT_EQ((*back)[1].ts, 1'700'000'000'123'456'789);
  EXPECT_EQ((*back)[1].line, "quote \" newline \n é");

  const auto bad = read_log_records(text + "{\"ts\":\"x\"}\n");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message().find("line 3"), std::string::npos);
}

}  // namespace
}  // namespace croft
