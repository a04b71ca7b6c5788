#include "base/cron.h"

#include "fuzz.h"

using namespace croft;

FUZZ_TARGET(cron) {
  const auto schedule = CronSchedule::parse(input);
  if (!schedule) return fuzz::expect_told(schedule.error());
  // A leap day, the end of a year, and far ahead.
  for (const std::int64_t start : {951'782'400'000, 1'767'225'599'999, 4'102'444'799'000}) {
    Timestamp at{start};
    for (int i = 0; i < 3; ++i) {
      const auto next = schedule->next_after(at);
      if (!next) break;
      check(*next > at && next->ms % 60'000 == 0, "the next run is later, at a full minute");
      check(*next - at <= std::chrono::hours(24 * 366 * 9), "the next run is within eight years");
      check(schedule->next_after(*next + Millis(-1)) == next, "no run lies before the next one");
      at = *next;
    }
  }
}
