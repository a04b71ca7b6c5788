#include "base/clock_watch.h"

#include "base/log.h"

namespace croft {

ClockWatch::ClockWatch(const Clock& clock)
    : clock_(clock), wall_(clock.now()), steady_(clock.steady()), doubted_until_(steady_) {}

bool ClockWatch::believable() {
  const Timestamp wall = clock_.now();
  const Millis steady = clock_.steady();
  const Millis jump = (wall - wall_) - (steady - steady_);
  wall_ = wall;
  steady_ = steady;
  if (jump > kTolerance || jump < -kTolerance) {
    doubted_until_ = steady + kQuarantine;
    log_warning("the clock jumped; nothing is deleted for its age for a day",
                {{"seconds", jump.count() / 1000}});
  }
  return steady >= doubted_until_;
}

}  // namespace croft
