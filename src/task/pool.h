// A bounded pool for blocking work: SQLite, argon2, archives, child processes.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "task/task.h"

namespace croft {

class Pool {
 public:
  // `threads` in 1..64.
  explicit Pool(std::size_t threads) : threads_(threads) {}
  Pool(const Pool&) = delete;
  // Waits for work that has started.
  ~Pool() { threads_.join(); }

  boost::asio::thread_pool& executor() { return threads_; }

 private:
  boost::asio::thread_pool threads_;
};

namespace detail {
template <class F>
Task<std::invoke_result_t<F>> invoke_on_pool(F work) {
  co_return work();
}
}  // namespace detail

// Runs `work` on a pool thread and resumes the caller on its own thread with the result. `work`
// must own what it uses or refer to what outlives the call; it must not throw and must not touch
// state of the calling thread. Cancelling the task does not end `work`: it is waited for (for work
// that can end early there is task/stoppable.h).
template <class F>
Task<std::invoke_result_t<F>> run_blocking(Pool& pool, F work) {
  // Without a cancellation slot: the pool's side would see the signal from another thread, and
  // throw from its last suspension point, where nobody catches (Boost 1.81).
  co_return co_await boost::asio::co_spawn(
      pool.executor(), detail::invoke_on_pool(std::move(work)),
      boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(),
                                          boost::asio::use_awaitable));
}

}  // namespace croft
