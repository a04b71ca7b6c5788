#include "task/group.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"
#include "base/log.h"

namespace croft {

namespace asio = boost::asio;

struct Group::State {
  explicit State(asio::io_context& context)
      : io(context), emptied(context, asio::steady_timer::time_point::max()) {}
  asio::io_context& io;
  std::list<asio::cancellation_signal> children;  // stable addresses: slots point into it
  asio::steady_timer emptied;                     // cancelled when the last child ends
  bool cancelled = false;
};

Group::Group(Runtime& runtime) : state_(std::make_shared<State>(runtime.io())) {}

Group::~Group() {
  // Children that a stopped Runtime will never resume are destroyed with its io_context.
  if (!state_->io.stopped()) check(state_->children.empty(), "a Group was destroyed before join()");
}

void Group::spawn(std::string name, Task<void> task) {
  const auto child = state_->children.emplace(state_->children.end());
  auto done = [state = state_, child, name = std::move(name)](std::exception_ptr error) {
    if (error) {
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& e) {
        if (!state->cancelled) {
          log_error("a task ended with an exception", {{"task", name}, {"what", e.what()}});
        }
      }
    }
    state->children.erase(child);
    if (state->children.empty()) state->emptied.cancel();
  };
  asio::co_spawn(state_->io, std::move(task),
                 asio::bind_cancellation_slot(child->slot(), std::move(done)));
}

void Group::cancel() {
  state_->cancelled = true;
  // Posted: a child that ends while we iterate would invalidate the list.
  asio::post(state_->io, [state = state_] {
    for (auto it = state->children.begin(); it != state->children.end();) {
      auto next = std::next(it);
      it->emit(asio::cancellation_type::terminal);
      it = next;
    }
  });
}

Task<void> Group::join() {
  const auto state = state_;
  // Per task, not per frame: put back at the end. Nothing in between throws.
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  bool passed_on = false;
  while (!state->children.empty()) {
    const auto owner = co_await asio::this_coro::cancellation_state;
    if (owner.cancelled() != asio::cancellation_type::none && !passed_on) {
      cancel();
      passed_on = true;
    }
    state->emptied.expires_at(asio::steady_timer::time_point::max());
    co_await state->emptied.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
}

Task<void> Group::run(Task<void> body) {
  const auto state = state_;
  std::exception_ptr failure;
  try {
    co_await std::move(body);
  } catch (...) {
    failure = std::current_exception();
  }
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  cancel();
  co_await join();
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (failure) std::rethrow_exception(failure);
}

std::size_t Group::size() const {
  return state_->children.size();
}

}  // namespace croft
