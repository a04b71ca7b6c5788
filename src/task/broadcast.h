// Broadcast: tells any number of waiting tasks that something changed.
#pragma once

#include <cstdint>
#include <list>

#include "task/timer.h"

namespace croft {

class Broadcast {
 public:
  explicit Broadcast(Runtime& runtime) : runtime_(runtime) {}
  Broadcast(const Broadcast&) = delete;

  // Counts notifications. Read it, look at the state, then wait_past() what was read: a change in
  // between ends the wait at once.
  std::uint64_t version() const { return version_; }
  void notify();
  // Ends when version() is not `seen` any more, after `limit`, or when the task is cancelled.
  Task<void> wait_past(std::uint64_t seen, Millis limit);

 private:
  Runtime& runtime_;
  std::uint64_t version_ = 0;
  std::list<Timer*> waiting_;
};

}  // namespace croft
