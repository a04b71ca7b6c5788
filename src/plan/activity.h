// The activity controller of a core pair: whether the active core is abnormal though it is alive,
// and gives the role to its partner. Decided in the active core itself, so that it works without
// the control plane; keepalived moves the role when a core is dead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace croft {

// The critical parameters of a core, of the last second.
struct CoreVitals {
  bool rules_wrong = false;     // what the kernel has is not what is desired
  int late_ms = 0;              // how late croft-core's loop was at most: its backlog
  int connections_percent = 0;  // how full the kernel's table of connections is
  int dropped_percent = 0;      // packets that its interfaces lost, of those that came
  int throttled_percent = 0;    // time in which it wanted CPU and was over its share
  int memory_percent = 0;       // of the container's limit
};

// What is abnormal, for people; empty: nothing. Each limit is one at which requests already wait or
// fail.
std::string abnormality(const CoreVitals& vitals);

class ActivityController {
 public:
  // To be called every second or so while this core is active, with the partner's vitals as it told
  // them last; none when it has not told any for a while, or is no standby.
  // True: give the role away now. That is so when this core has been abnormal, and the partner
  // normal, for some seconds on end; and not again within a pause that doubles each time, because
  // an abnormality that follows the role is the load's, not the core's.
  bool gives_up(Millis now, const CoreVitals& own, const std::optional<CoreVitals>& partner);

  // A move that the partner made counts as well: call it when this core becomes active.
  void note_active(Millis now);

 private:
  std::optional<Millis> worse_since_;
  std::optional<Millis> moved_at_;
  Millis pause_{0};
};

}  // namespace croft
