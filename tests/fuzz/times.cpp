#include "base/time.h"

#include "engine/docker/json_view.h"
#include "fuzz.h"
#include "spec/time_format.h"

using namespace croft;

// Durations, RFC 3339 in both precisions, and masks of getDatetime.
FUZZ_TARGET(times) {
  const auto duration = parse_duration(input);
  check(!duration || duration->count() >= 0, "a duration is not negative");
  engine::parse_time_ns(input);
  if (const auto time = parse_rfc3339(input)) {
    const std::string text = format_rfc3339(*time);
    check(parse_rfc3339(text) == time, "a time that is written reads back as the same");
    const std::int64_t ns = engine::parse_time_ns(text);
    check(ns == 0 || ns / 1'000'000 == time->ms, "both readers of times agree");
  }
  const spec::LocalTime local{.utc = {1'700'000'000'000}, .offset_s = -12'600, .zone = "NST"};
  const std::string shown = spec::format_time(local, input);
  check(shown.size() <= 32 + input.size() * 16, "a mask grows by what its tokens stand for");
}
