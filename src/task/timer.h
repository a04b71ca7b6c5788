// Timer: one wait that ends early when it is cancelled, on the time of its Runtime: real, or a
// VirtualTime that was installed there.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "task/task.h"

namespace croft {

class VirtualTime;

class Timer {
 public:
  explicit Timer(const boost::asio::any_io_executor& executor);
  Timer(const Timer&) = delete;

  // Ends after `limit`, after cancel(), or when the task is cancelled. One wait at a time.
  Task<void> wait(Millis limit);
  void cancel() { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
  VirtualTime* virtual_;  // null: real time
};

}  // namespace croft
