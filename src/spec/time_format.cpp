#include "spec/time_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/file.h"

namespace croft::spec {
namespace {

constexpr std::size_t kMaxZoneBytes = 64 * 1024;
constexpr std::size_t kHeaderBytes = 44;

constexpr auto kMonths =
    std::to_array<std::string_view>({"January", "February", "March", "April", "May", "June", "July",
                                     "August", "September", "October", "November", "December"});
constexpr auto kDays = std::to_array<std::string_view>(
    {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"});

// Longest first where one begins like another.
constexpr auto kTokens = std::to_array<std::string_view>(
    {"YYYY", "YY", "MMMM", "MMM", "MM", "M", "DDDD", "DDD", "DD", "D",   "dddd", "ddd", "HH",
     "hh",   "h",  "A",    "a",   "mm", "m", "ss",   "s",   "S",  "ZZZ", "zz",   "Z"});

// Big-endian reading of a TZif file (RFC 8536); the caller has checked the size.
std::int64_t number_at(std::string_view data, std::size_t offset, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value = value << 8 | static_cast<unsigned char>(data[offset + i]);
  }
  if (bytes == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
  return static_cast<std::int64_t>(value);
}

struct ZoneHeader {
  std::size_t isut, isstd, leap, time, type, chars;
  // Size of the data block with times of `width` bytes.
  std::size_t data_bytes(std::size_t width) const {
    return time * width + time + type * 6 + chars + leap * (width + 4) + isstd + isut;
  }
};

std::optional<ZoneHeader> read_header(std::string_view data, std::size_t offset) {
  if (data.size() < offset + kHeaderBytes || data.substr(offset, 4) != "TZif") return std::nullopt;
  std::array<std::size_t, 6> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::int64_t count = number_at(data, offset + 20 + i * 4, 4);
    if (count < 0 || static_cast<std::size_t>(count) > kMaxZoneBytes) return std::nullopt;
    counts[i] = static_cast<std::size_t>(count);
  }
  return ZoneHeader{counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
}

// Offset and abbreviation at `seconds` after the epoch.
std::optional<LocalTime> look_up(std::string_view data, Timestamp utc) {
  const auto first = read_header(data, 0);
  if (!first) return std::nullopt;
  const std::size_t second_at = kHeaderBytes + first->data_bytes(4);
  const auto header = read_header(data, second_at);
  if (!header || header->type == 0 ||
      data.size() < second_at + kHeaderBytes + header->data_bytes(8)) {
    return std::nullopt;
  }
  const std::size_t times = second_at + kHeaderBytes;
  const std::size_t indexes = times + header->time * 8;
  const std::size_t types = indexes + header->time;
  const std::size_t names = types + header->type * 6;
  std::size_t type = 0;
  for (std::size_t i = 0; i < header->time; ++i) {
    if (number_at(data, times + i * 8, 8) > utc.ms / 1000) break;
    type = static_cast<unsigned char>(data[indexes + i]);
  }
  if (type >= header->type) return std::nullopt;
  const std::size_t entry = types + type * 6;
  const std::size_t name = static_cast<unsigned char>(data[entry + 5]);
  if (name >= header->chars) return std::nullopt;
  const std::string_view rest = data.substr(names + name, header->chars - name);
  return LocalTime{utc, static_cast<int>(number_at(data, entry, 4)),
                   std::string(rest.substr(0, rest.find('\0')))};
}

bool is_zone_name(std::string_view name) {
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
  return plain && !name.empty() && name.front() != '/' && name.size() < 64;
}

std::string offset_text(int offset_s, std::string_view separator) {
  if (offset_s == 0) return "Z";
  const int minutes = std::abs(offset_s) / 60;
  return fmt::format("{}{:02}{}{:02}", offset_s < 0 ? '-' : '+', minutes / 60, separator,
                     minutes % 60);
}

}  // namespace

Result<LocalTime> local_time(Timestamp utc, std::string_view name,
                             const std::filesystem::path& zoneinfo) {
  const auto unknown = [&] {
    return fail(ErrorCode::kInvalid,
                fmt::format("'{}' is not a time zone (such as Europe/Prague)", name.substr(0, 80)));
  };
  if (!is_zone_name(name)) return unknown();
  if (name == "UTC") return LocalTime{utc, 0, "UTC"};
  auto data = read_file(zoneinfo / name, kMaxZoneBytes);
  if (!data) return unknown();
  auto found = look_up(*data, utc);
  if (!found) return unknown();
  return std::move(*found);
}

std::string format_time(const LocalTime& time, std::string_view mask) {
  using std::chrono::floor;
  const std::chrono::sys_time<Millis> local{Millis(time.utc.ms + time.offset_s * 1000LL)};
  const auto day = floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Millis> clock(local - day);
  const int year = static_cast<int>(date.year());
  const unsigned month = static_cast<unsigned>(date.month());
  const unsigned number = static_cast<unsigned>(date.day());
  const auto year_day =
      (day - std::chrono::sys_days(date.year() / std::chrono::January / 1)).count() + 1;
  const std::string_view month_name = kMonths[month - 1];
  const std::string_view day_name = kDays[std::chrono::weekday(day).c_encoding()];
  const auto hour = clock.hours().count();
  const auto hour12 = hour % 12 == 0 ? 12 : hour % 12;
  const auto minute = clock.minutes().count();
  const auto second = clock.seconds().count();

  const auto value_of = [&](std::string_view token) -> std::string {
    if (token == "YYYY") return fmt::format("{:04}", year);
    if (token == "YY") return fmt::format("{:02}", year % 100);
    if (token == "MMMM") return std::string(month_name);
    if (token == "MMM") return std::string(month_name.substr(0, 3));
    if (token == "MM") return fmt::format("{:02}", month);
    if (token == "M") return fmt::format("{}", month);
    if (token == "DDDD") return fmt::format("{:03}", year_day);
    if (token == "DDD") return fmt::format("{}", year_day);
    if (token == "DD") return fmt::format("{:02}", number);
    if (token == "D") return fmt::format("{}", number);
    if (token == "dddd") return std::string(day_name);
    if (token == "ddd") return std::string(day_name.substr(0, 3));
    if (token == "HH") return fmt::format("{:02}", hour);
    if (token == "hh") return fmt::format("{:02}", hour12);
    if (token == "h") return fmt::format("{}", hour12);
    if (token == "A") return hour < 12 ? "AM" : "PM";
    if (token == "a") return hour < 12 ? "am" : "pm";
    if (token == "mm") return fmt::format("{:02}", minute);
    if (token == "m") return fmt::format("{}", minute);
    if (token == "ss") return fmt::format("{:02}", second);
    if (token == "s") return fmt::format("{}", second);
    if (token == "S") return fmt::format("{:03}000", clock.subseconds().count());
    if (token == "ZZZ") return time.zone;
    return offset_text(time.offset_s, token == "zz" ? ":" : "");
  };

  std::string result;
  while (!mask.empty()) {
    const auto* const token =
        std::ranges::find_if(kTokens, [&](std::string_view t) { return mask.starts_with(t); });
    if (token == kTokens.end()) {
      result += mask.front();
      mask.remove_prefix(1);
    } else {
      result += value_of(*token);
      mask.remove_prefix(token->size());
    }
  }
  return result;
}

}  // namespace croft::spec
