// The critical parameters of this core (plan/activity.h), as its kernel and its container tell
// them.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/time.h"
#include "plan/activity.h"
#include "task/task.h"

namespace croft {

class VitalSigns {
 public:
  // `root`: where proc and sys are. The clock outlives it.
  explicit VitalSigns(Clock& clock, std::filesystem::path root = "/");

  // Notices when this program does not get to run. Ends when it is cancelled.
  Task<void> watch_lateness();

  // What happened since the last call; what the kernel does not tell is taken for normal.
  // `rules_wrong` is the caller's to know.
  CoreVitals take();

 private:
  // Counters that only grow.
  struct Counters {
    std::int64_t packets = 0;  // received, by all interfaces but the loopback
    std::int64_t dropped = 0;
    std::int64_t periods = 0;    // of the container's CPU share
    std::int64_t throttled = 0;  // in how many of them it was used up
  };
  Counters read_counters() const;
  int memory_percent() const;
  int connections_percent() const;

  Clock& clock_;
  std::filesystem::path root_;
  Counters last_;
  Millis latest_{0};
};

}  // namespace croft
