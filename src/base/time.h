// Wall-clock time as milliseconds since the Unix epoch, and the Clock port.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace croft {

using Millis = std::chrono::milliseconds;

// A point of wall-clock time. Only for people and for files: timers use Clock::steady().
struct Timestamp {
  std::int64_t ms = 0;  // since 1970-01-01T00:00:00Z
  auto operator<=>(const Timestamp&) const = default;
  Timestamp operator+(Millis d) const { return {ms + d.count()}; }
  Millis operator-(Timestamp other) const { return Millis(ms - other.ms); }
};

// Controllers get time through this port only, so that the simulator can turn it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;  // wall clock; may jump
  virtual Millis steady() const = 0;  // monotonic, from an arbitrary origin
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  Millis steady() const override;
};

// Moves only when told to.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = {1'700'000'000'000}) : now_(start) {}
  Timestamp now() const override { return now_; }
  Millis steady() const override { return steady_; }
  void advance(Millis d) {
    now_ = now_ + d;
    steady_ += d;
  }
  void jump_wall_clock(Millis d) { now_ = now_ + d; }

 private:
  Timestamp now_;
  Millis steady_{0};
};

Timestamp system_now();

// "2026-11-21T08:00:00.123Z"
std::string format_rfc3339(Timestamp time);
// Accepts Z or a numeric offset, with 0 to 9 fraction digits; nothing else.
std::optional<Timestamp> parse_rfc3339(std::string_view text);
// "90s", "5m", "2h", "7d", "250ms"; digits then one unit; nothing else.
std::optional<Millis> parse_duration(std::string_view text);

}  // namespace croft
