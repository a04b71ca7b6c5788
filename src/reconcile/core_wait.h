// How long a process waits for the core of its project, and what its log says meanwhile. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "reconcile/world.h"

namespace croft {

class CoreWait {
 public:
  // `now` and the times below: of one steady clock. `limit`: for the core itself to come up.
  CoreWait(Millis now, Millis limit) : deadline_(now + limit), limit_(limit) {}

  // Looks at the image that cores need. While it is being made for the first time, no time passes:
  // on a slow machine that takes many minutes. Once it failed, time passes although it is tried
  // again. Returns a line for the log when there is something new to say.
  std::optional<std::string> look(const PlatformImage& image, Millis now);

  bool expired(Millis now) const { return now >= deadline_; }

 private:
  Millis deadline_;
  Millis limit_;
  std::string said_;
};

}  // namespace croft
