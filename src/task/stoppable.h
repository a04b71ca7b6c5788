// run_blocking_stoppable: blocking work that ends early when its task is cancelled.
#pragma once

#include <boost/asio/this_coro.hpp>
#include <stop_token>

#include "task/pool.h"

namespace croft {

// As run_blocking, and `work` is given a token. When the task is cancelled, a stop is requested of
// the token; the task waits for `work` all the same, which must then end soon.
template <class F>
Task<std::invoke_result_t<F, std::stop_token>> run_blocking_stoppable(Pool& pool, F work) {
  std::stop_source stop;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (state.cancelled() != boost::asio::cancellation_type::none) stop.request_stop();
  auto slot = state.slot();
  if (slot.is_connected()) {
    slot.assign([stop](boost::asio::cancellation_type) mutable { stop.request_stop(); });
  }
  auto bound = [work = std::move(work), token = stop.get_token()]() mutable { return work(token); };
  // Takes no slot, so that the one above stays.
  co_return co_await run_blocking(pool, std::move(bound));
}

}  // namespace croft
