#include "slots.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace croft::load {

namespace asio = boost::asio;

Task<bool> Slots::acquire(TimePoint deadline) {
  if (free_ > 0) {
    --free_;
    co_return true;
  }
  Waiter waiter{asio::steady_timer(runtime_.io(), deadline)};
  waiting_.push_back(&waiter);
  co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!waiter.granted) waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &waiter));
  co_return waiter.granted;
}

void Slots::release() {
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  waiting_.front()->granted = true;
  waiting_.front()->timer.cancel();
  waiting_.pop_front();
}

}  // namespace croft::load
