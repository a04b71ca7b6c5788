#include "task/signal.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace croft {

namespace asio = boost::asio;

Signal::Signal(Runtime& runtime) : timer_(runtime.io()) {}

void Signal::notify() {
  pending_ = true;
  timer_.cancel();
}

Task<bool> Signal::wait_for(Millis limit) {
  if (!pending_) {
    timer_.expires_after(limit);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return std::exchange(pending_, false);
}

}  // namespace croft
