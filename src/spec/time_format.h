// getDatetime: masks such as "DD.MM.YYYY HH:mm:ss", in a time zone.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace croft::spec {

struct LocalTime {
  Timestamp utc;
  int offset_s = 0;  // east of UTC
  std::string zone;  // abbreviation, such as CET
};

// `name` as in the tz database ("Europe/Prague"); kInvalid when `zoneinfo` has no such zone. After
// the last transition that the zone's file lists (2037 in Debian's) the last offset stays.
Result<LocalTime> local_time(Timestamp utc, std::string_view name,
                             const std::filesystem::path& zoneinfo);

// Tokens: YYYY YY MMMM MMM MM M DDDD DDD DD D dddd ddd HH hh h A a mm m ss s S (microseconds) ZZZ
// (abbreviation) zz (+02:00, Z for UTC) Z (+0200, Z for UTC). Everything else stays.
std::string format_time(const LocalTime& time, std::string_view mask);

}  // namespace croft::spec
