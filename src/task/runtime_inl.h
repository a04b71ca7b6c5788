// Runtime::run_until_done, kept apart so that task.h reads as a list of what there is.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <exception>
#include <optional>

namespace croft {

template <class T>
T Runtime::run_until_done(Task<T> task) {
  std::exception_ptr failure;
  // A pool's thread may let go of the task before this one only now. Without work of our own that
  // would stop the loop, and this one would return before its task has ended.
  const auto work = boost::asio::make_work_guard(io_);
  io_.restart();
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(io_, std::move(task), [&](std::exception_ptr e) {
      failure = e;
      io_.stop();
    });
    io_.run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> value;
    boost::asio::co_spawn(io_, std::move(task), [&](std::exception_ptr e, T v) {
      failure = e;
      if (!e) value.emplace(std::move(v));
      io_.stop();
    });
    io_.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
}

}  // namespace croft
