// Cron expressions of five fields: minute hour day-of-month month day-of-week.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace croft {

// When a cron line runs, in UTC. Lists, ranges, steps, names of months and weekdays (7 = Sunday),
// `?` for
// `*`, and @hourly @daily @midnight @weekly @monthly @yearly @annually. As in Vixie cron a day
// matches when either day field does, unless one of them is `*` (or begins with it).
class CronSchedule {
 public:
  // Fails with kInvalid; the message names the field that is wrong.
  static Result<CronSchedule> parse(std::string_view text);

  // The first run strictly after `time`; nullopt when there is none within eight years (31
  // February).
  std::optional<Timestamp> next_after(Timestamp time) const;

 private:
  bool day_matches(int year, unsigned month, unsigned day) const;

  std::uint64_t minutes_ = 0;  // bit n: runs in minute n
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;      // bits 1 to 31
  std::uint64_t months_ = 0;    // bits 1 to 12
  std::uint64_t weekdays_ = 0;  // bits 0 (Sunday) to 6
  bool any_day_ = false;
  bool any_weekday_ = false;
};

}  // namespace croft
