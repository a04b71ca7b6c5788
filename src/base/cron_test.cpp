#include "base/cron.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

std::string next(std::string_view line, std::string_view after) {
  const auto schedule = CronSchedule::parse(line);
  if (!schedule) return schedule.error().message();
  const auto run = schedule->next_after(*parse_rfc3339(after));
  return run ? format_rfc3339(*run) : "never";
}

TEST(Cron, FindsTheNextRun) {
  EXPECT_EQ(next("* * * * *", "2026-11-21T08:00:00Z"), "2026-11-21T08:01:00.000Z");
  EXPECT_EQ(next("* * * * *", "2026-11-21T08:00:59.999Z"), "2026-11-21T08:01:00.000Z");
  EXPECT_EQ(next("0 5 * * *", "2026-11-21T05:00:00Z"), "2026-11-22T05:00:00.000Z");
  EXPECT_EQ(next("*/15 * * * *", "2026-11-21T23:50:00Z"), "2026-11-22T00:00:00.000Z");
  EXPECT_EQ(next("5,35 8-10/2 * * *", "2026-11-21T08:40:00Z"), "2026-11-21T10:05:00.000Z");
  EXPECT_EQ(next("3/20 * * * *", "2026-11-21T08:24:00Z"), "2026-11-21T08:43:00.000Z");
  EXPECT_EQ(next("0 0 29 2 *", "2096-03-01T00:00:00Z"), "2104-02-29T00:00:00.000Z");
  EXPECT_EQ(next("0 0 31 2 *", "2026-01-01T00:00:00Z"), "never");
  EXPECT_EQ(next("0 0 1 1 *", "2026-12-31T23:59:59Z"), "2027-01-01T00:00:00.000Z");
}

TEST(Cron, UnderstandsNamesAndShorthands) {
  // 2026-11-21 is a Saturday.
  EXPECT_EQ(next("0 12 * * MON-fri", "2026-11-21T00:00:00Z"), "2026-11-23T12:00:00.000Z");
  EXPECT_EQ(next("0 12 * * 7", "2026-11-21T00:00:00Z"), "2026-11-22T12:00:00.000Z");
  EXPECT_EQ(next("0 12 * * 5-7", "2026-11-21T13:00:00Z"), "2026-11-22T12:00:00.000Z");
  EXPECT_EQ(next("0 0 ? dec *", "2026-11-21T00:00:00Z"), "2026-12-01T00:00:00.000Z");
  EXPECT_EQ(next("@weekly", "2026-11-21T00:00:00Z"), "2026-11-22T00:00:00.000Z");
  EXPECT_EQ(next("@hourly", "2026-11-21T00:00:00Z"), "2026-11-21T01:00:00.000Z");
}

TEST(Cron, EitherDayFieldMatchesUnlessOneIsAStar) {
  EXPECT_EQ(next("0 0 25 * mon", "2026-11-21T00:00:00Z"), "2026-11-23T00:00:00.000Z");
  EXPECT_EQ(next("0 0 25 * mon", "2026-11-23T00:00:00Z"), "2026-11-25T00:00:00.000Z");
  EXPECT_EQ(next("0 0 25 * *", "2026-11-21T00:00:00Z"), "2026-11-25T00:00:00.000Z");
}

TEST(Cron, RefusesWhatIsNoSchedule) {
  for (const char* line : {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *",
                           "* * * 13 *", "* * * * 8", "a * * * *", "5-3 * * * *", "*/0 * * * *",
                           "1, * * * *", "-1 * * * *", "*/ * * * *", "@often", "1-2-3 * * * *"}) {
    EXPECT_FALSE(CronSchedule::parse(line).has_value()) << line;
  }
  EXPECT_EQ(CronSchedule::parse("99 * * * *").error().message(),
            "'99' is not a valid minute of a cron line (0 to 59)");
}

}  // namespace
}  // namespace croft
