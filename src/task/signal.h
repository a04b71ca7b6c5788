// Signal: "look again". Any number of notifications before a wait count as one. One task waits; for
// more there is Broadcast.
#pragma once

#include "task/timer.h"

namespace croft {

class Signal {
 public:
  explicit Signal(Runtime& runtime);

  void notify();
  // Returns true when notified, false when `limit` passed first or the task was cancelled.
  Task<bool> wait_for(Millis limit);

 private:
  Timer timer_;
  bool pending_ = false;
};

}  // namespace croft
