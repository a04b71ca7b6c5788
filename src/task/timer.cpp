#include "task/timer.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "task/virtual_time.h"

namespace croft {

namespace asio = boost::asio;

Timer::Timer(const asio::any_io_executor& executor)
    : timer_(executor),
      virtual_(VirtualTime::of(asio::query(executor, asio::execution::context))) {}

Task<void> Timer::wait(Millis limit) {
  if (virtual_ == nullptr) {
    timer_.expires_after(limit);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return;
  }
  timer_.expires_at(asio::steady_timer::time_point::max());
  const VirtualTime::Entry entry(*virtual_, limit, timer_);
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace croft
