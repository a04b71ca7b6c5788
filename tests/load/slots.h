// A bounded number of places, given in the order they were asked for.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>

#include "link.h"

namespace croft::load {

class Slots {
 public:
  Slots(Runtime& runtime, int free) : runtime_(runtime), free_(free) {}

  // False when `deadline` passed first.
  Task<bool> acquire(TimePoint deadline);
  void release();

 private:
  struct Waiter {
    boost::asio::steady_timer timer;
    bool granted = false;
  };

  Runtime& runtime_;
  int free_;
  std::deque<Waiter*> waiting_;
};

}  // namespace croft::load
