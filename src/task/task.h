// Task<T>: a coroutine on a program's one state thread. Runtime: that thread's loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>

#include "base/result.h"
#include "base/time.h"

namespace croft {

template <class T>
using Task = boost::asio::awaitable<T>;

// Suspends the current task. Returns early, without an error, when the task is cancelled.
Task<void> sleep_for(Millis duration);

// The loop of a program. run() is called by main only; everything else happens inside tasks.
class Runtime {
 public:
  Runtime() = default;
  Runtime(const Runtime&) = delete;

  boost::asio::io_context& io() { return io_; }

  // Runs `main_task` to its end and returns its exit code. SIGTERM and SIGINT call `on_stop` once
  // (on this thread); a second one ends the program at once with 130.
  int run(Task<int> main_task, std::function<void()> on_stop);

  // The same without signal handling, for tests: drives `task` until it ends.
  template <class T>
  T run_until_done(Task<T> task);

 private:
  boost::asio::io_context io_{1};
};

}  // namespace croft

#include "task/runtime_inl.h"
