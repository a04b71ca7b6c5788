#include "base/cron.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace croft {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};

struct FieldRule {
  std::string_view name;
  int min;
  int max;
  std::span<const std::string_view> names;  // the first stands for `first_name`
  int first_name;
};

const std::array<FieldRule, 5> kFields = {{{"minute", 0, 59, {}, 0},
                                           {"hour", 0, 23, {}, 0},
                                           {"day of month", 1, 31, {}, 0},
                                           {"month", 1, 12, kMonths, 1},
                                           {"day of week", 0, 7, kWeekdays, 0}}};

struct Alias {
  std::string_view name;
  std::string_view fields;
};
constexpr std::array<Alias, 7> kAliases = {{{"@hourly", "0 * * * *"},
                                            {"@daily", "0 0 * * *"},
                                            {"@midnight", "0 0 * * *"},
                                            {"@weekly", "0 0 * * 0"},
                                            {"@monthly", "0 0 1 * *"},
                                            {"@yearly", "0 0 1 1 *"},
                                            {"@annually", "0 0 1 1 *"}}};

tl::unexpected<Error> wrong(const FieldRule& rule, std::string_view text) {
  return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a valid {} of a cron line ({} to {})",
                                               text, rule.name, rule.min, rule.max));
}

std::optional<int> parse_value(const FieldRule& rule, std::string_view text) {
  int value = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value).ptr == end && !text.empty() && text[0] != '-') {
    if (value >= rule.min && value <= rule.max) return value;
    return std::nullopt;
  }
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (std::size_t i = 0; i < rule.names.size(); ++i) {
    if (lower == rule.names[i]) return static_cast<int>(i) + rule.first_name;
  }
  return std::nullopt;
}

// One of `*`, `5`, `1-5`, each with an optional `/step`.
Result<std::uint64_t> parse_item(const FieldRule& rule, std::string_view item) {
  int step = 1;
  std::string_view range = item;
  const auto slash = item.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view text = item.substr(slash + 1);
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, step).ptr != end || text.empty() || step < 1) {
      return wrong(rule, item);
    }
    range = item.substr(0, slash);
  }
  std::optional<int> first;
  std::optional<int> last;
  if (range == "*" || range == "?") {
    first = rule.min;
    last = rule.max;
  } else if (const auto dash = range.find('-'); dash != std::string_view::npos) {
    first = parse_value(rule, range.substr(0, dash));
    last = parse_value(rule, range.substr(dash + 1));
  } else {
    first = parse_value(rule, range);
    last = slash == std::string_view::npos ? first : rule.max;
  }
  if (!first || !last || *first > *last) return wrong(rule, item);
  std::uint64_t bits = 0;
  for (int value = *first; value <= *last; value += std::min(step, rule.max + 1)) {
    bits |= std::uint64_t{1} << value;
  }
  return bits;
}

Result<std::uint64_t> parse_field(const FieldRule& rule, std::string_view text) {
  std::uint64_t bits = 0;
  while (true) {
    const auto comma = text.find(',');
    auto item = parse_item(rule, text.substr(0, comma));
    if (!item) return fail(std::move(item).error());
    bits |= *item;
    if (comma == std::string_view::npos) return bits;
    text.remove_prefix(comma + 1);
  }
}

std::vector<std::string_view> split_fields(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return parts;
    text.remove_prefix(begin);
    const auto end = text.find_first_of(" \t\r\n");
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end);
  }
}

bool has(std::uint64_t bits, unsigned value) {
  return (bits >> value & 1) != 0;
}

}  // namespace

Result<CronSchedule> CronSchedule::parse(std::string_view text) {
  std::vector<std::string_view> parts = split_fields(text);
  if (parts.size() == 1 && parts[0].starts_with('@')) {
    const std::string_view name = parts[0];
    for (const Alias& alias : kAliases) {
      if (name == alias.name) parts = split_fields(alias.fields);
    }
    if (parts.size() == 1) {
      return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a known cron shorthand", name));
    }
  }
  if (parts.size() != kFields.size()) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("a cron line has five fields (minute hour day month weekday), '{}' has {}",
                    text, parts.size()));
  }
  std::array<std::uint64_t, 5> bits{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    auto field = parse_field(kFields[i], parts[i]);
    if (!field) return fail(std::move(field).error());
    bits[i] = *field;
  }
  CronSchedule schedule;
  schedule.minutes_ = bits[0];
  schedule.hours_ = bits[1];
  schedule.days_ = bits[2];
  schedule.months_ = bits[3];
  schedule.weekdays_ = (bits[4] | bits[4] >> 7) & 0x7F;
  schedule.any_day_ = parts[2][0] == '*' || parts[2][0] == '?';
  schedule.any_weekday_ = parts[4][0] == '*' || parts[4][0] == '?';
  return schedule;
}

bool CronSchedule::day_matches(int year, unsigned month, unsigned day) const {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  const bool by_day = has(days_, day);
  const bool by_weekday =
      has(weekdays_, std::chrono::weekday(std::chrono::sys_days(date)).c_encoding());
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<Timestamp> CronSchedule::next_after(Timestamp time) const {
  using std::chrono::days;
  using std::chrono::sys_days;
  const auto from =
      std::chrono::floor<std::chrono::minutes>(std::chrono::sys_time<Millis>(Millis(time.ms))) +
      std::chrono::minutes(1);
  const sys_days first_day = std::chrono::floor<days>(from);
  // Leap days are at most eight years apart.
  for (sys_days day = first_day; day < first_day + days(8 * 366); day += days(1)) {
    const std::chrono::year_month_day date(day);
    const auto month = static_cast<unsigned>(date.month());
    if (!has(months_, month)) continue;
    if (!day_matches(static_cast<int>(date.year()), month, static_cast<unsigned>(date.day()))) {
      continue;
    }
    for (unsigned minute = 0; minute < 24 * 60; ++minute) {
      if (!has(hours_, minute / 60) || !has(minutes_, minute % 60)) continue;
      const auto run = day + std::chrono::minutes(minute);
      if (run >= from) return Timestamp{Millis(run.time_since_epoch()).count()};
    }
  }
  return std::nullopt;
}

}  // namespace croft
