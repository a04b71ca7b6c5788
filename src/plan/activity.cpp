#include "plan/activity.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft {
namespace {

constexpr int kLateMs = 1000;
constexpr int kConnectionsPercent = 95;
constexpr int kDroppedPercent = 2;
constexpr int kThrottledPercent = 80;
constexpr int kMemoryPercent = 95;

// A takeover costs a pause of some hundredths of a second: a short trouble is no reason.
constexpr Millis kPatience{3000};
constexpr Millis kFirstPause{30'000};
constexpr Millis kLongestPause{30 * 60'000};

}  // namespace

std::string abnormality(const CoreVitals& v) {
  if (v.rules_wrong) return "its rules are not those that are desired";
  if (v.late_ms >= kLateMs) return fmt::format("croft-core is {} ms late", v.late_ms);
  if (v.connections_percent >= kConnectionsPercent) {
    return fmt::format("its table of connections is {} % full", v.connections_percent);
  }
  if (v.dropped_percent >= kDroppedPercent) {
    return fmt::format("it loses {} % of all packets", v.dropped_percent);
  }
  if (v.throttled_percent >= kThrottledPercent) {
    return fmt::format("it waits for CPU {} % of the time", v.throttled_percent);
  }
  if (v.memory_percent >= kMemoryPercent) {
    return fmt::format("it uses {} % of its memory", v.memory_percent);
  }
  return {};
}

void ActivityController::note_active(Millis now) {
  worse_since_.reset();
  // Long calm: what comes now is something new.
  if (!moved_at_ || now - *moved_at_ > 2 * kLongestPause) pause_ = Millis{0};
  moved_at_ = now;
}

bool ActivityController::gives_up(Millis now, const CoreVitals& own,
                                  const std::optional<CoreVitals>& partner) {
  if (abnormality(own).empty() || !partner || !abnormality(*partner).empty()) {
    worse_since_.reset();
    return false;
  }
  if (!worse_since_) worse_since_ = now;
  if (now - *worse_since_ < kPatience) return false;
  if (moved_at_ && now - *moved_at_ < pause_) return false;
  worse_since_.reset();
  moved_at_ = now;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  return true;
}

}  // namespace croft
