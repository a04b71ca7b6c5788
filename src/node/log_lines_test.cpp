#include "node/log_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace croft::node {
namespace {

using engine::LogFrame;
using engine::OutputSource;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

LogContainer container() {
  return {.id = "c1", .role = "runtime", .instance = "c1"};
}

LogFrame out(std::int64_t ts, std::string text, bool complete = true) {
  return {.source = OutputSource::kStdout,
          .time_ns = ts,
          .text = std::move(text),
          .complete = complete};
}

LogFrame err(std::int64_t ts, std::string text) {
  return {.source = OutputSource::kStderr, .time_ns = ts, .text = std::move(text)};
}

std::vector<LogRecord> all(LogLines& lines, const std::vector<LogFrame>& frames) {
  std::vector<LogRecord> records;
  for (const LogFrame& frame : frames) lines.take(frame, records);
  return records;
}

std::vector<std::string> texts(const std::vector<LogRecord>& records) {
  std::vector<std::string> found;
  for (const LogRecord& record : records) found.push_back(record.line);
  return found;
}

TEST(LogLines, NumbersFramesOfTheSameTimeInEachStream) {
  LogLines lines(container(), {});
  const auto records =
      all(lines, {out(5, "a"), out(5, "b"), err(5, "e"), out(6, "c\r"), err(4, "back")});
  ASSERT_THAT(texts(records), ElementsAre("a", "b", "e", "c", "back"));
  EXPECT_EQ(records[0].position(), (LogPosition{5, 0}));
  EXPECT_EQ(records[1].position(), (LogPosition{5, 1}));
  EXPECT_EQ(records[2].position(), (LogPosition{5, 0}));
  EXPECT_EQ(records[2].stream, LogStream::kStderr);
  EXPECT_EQ(records[3].position(), (LogPosition{6, 0}));
  // The clock was set back: still after what came before.
  EXPECT_EQ(records[4].position(), (LogPosition{5, 1}));
}

TEST(LogLines, SkipsWhatIsStored) {
  LogLines lines(container(), {LogPosition{5, 1}, LogPosition{}});
  EXPECT_THAT(texts(all(lines, {out(4, "x"), out(5, "a"), out(5, "b"), out(5, "c"), err(3, "e")})),
              ElementsAre("c", "e"));
}

TEST(LogLines, PutsPiecesTogether) {
  LogLines lines(container(), {});
  auto records = all(lines, {out(5, "one ", false), err(5, "between"), out(5, "line")});
  ASSERT_THAT(texts(records), ElementsAre("between", "one line"));
  EXPECT_EQ(records[1].position(), (LogPosition{5, 1}));
  // Stored up to there, a second reading gives neither piece again.
  LogLines again(container(), {LogPosition{5, 1}, LogPosition{5, 0}});
  EXPECT_THAT(all(again, {out(5, "one ", false), err(5, "between"), out(5, "line")}), IsEmpty());
}

TEST(LogLines, AnUnfinishedLineCountsAtTheEnd) {
  LogLines lines(container(), {});
  std::vector<LogRecord> records = all(lines, {out(5, "prompt> ", false)});
  EXPECT_THAT(records, IsEmpty());
  lines.finish(records);
  EXPECT_THAT(texts(records), ElementsAre("prompt> "));
  lines.finish(records);
  EXPECT_EQ(records.size(), 1u);
}

TEST(LogLines, CutsLongLinesAndSaysSo) {
  LogLines lines(container(), {});
  const std::string piece(kMaxLogLine, 'x');
  const auto records = all(lines, {out(1, piece, false), out(1, "tail", false), out(1, "!"),
                                   out(2, piece), out(3, "next")});
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].line, piece + kLogLineCut);
  EXPECT_EQ(records[1].line, piece);
  EXPECT_EQ(records[2].line, "next");
}

TEST(LogLines, MakesTextOfBytes) {
  LogLines lines(container(), {});
  EXPECT_THAT(texts(all(lines, {out(1, "\xFFok")})), ElementsAre("\xEF\xBF\xBDok"));
}

TEST(LogLines, LeavesOutAFloodAndSaysHowMuch) {
  LogLines lines(container(), {});
  std::vector<LogRecord> records;
  for (int i = 0; i < kMaxLinesPerWindow + 500; ++i) lines.take(out(i, "flood"), records);
  EXPECT_EQ(records.size(), static_cast<std::size_t>(kMaxLinesPerWindow));
  records.clear();
  lines.take(err(kMaxLinesPerWindow, "the other stream is free"), records);
  lines.take(out(kLogWindowNs, "calm"), records);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[1].line, HasSubstr("500 lines were left out"));
  // So a later reading starts behind what was left out.
  EXPECT_EQ(records[1].position(), (LogPosition{kMaxLinesPerWindow + 499, 0}));
  EXPECT_EQ(records[2].line, "calm");
}

TEST(LogLines, LeavesOutTooManyBytes) {
  LogLines lines(container(), {});
  std::vector<LogRecord> records;
  for (int i = 0; i < 1000; ++i) lines.take(out(i, std::string(16'000, 'x')), records);
  const std::size_t passed = kMaxBytesPerWindow / 16'000;
  EXPECT_EQ(records.size(), passed);
  lines.finish(records);
  EXPECT_THAT(records.back().line, HasSubstr(std::to_string(1000 - passed)));
}

}  // namespace
}  // namespace croft::node
