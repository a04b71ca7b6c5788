// Virtual time of the fake engine: actions that are due at instants of a Clock that somebody turns.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "task/task.h"

namespace croft::engine {

// Actions run in order of their instants, those of one instant in the order they were made: the
// same calls give the same run.
class FakeSchedule {
 public:
  // `clock` must outlive it.
  explicit FakeSchedule(const Clock& clock) : clock_(clock) {}
  FakeSchedule(const FakeSchedule&) = delete;

  // Runs `action` when `delay` has passed, from inside run_due().
  void after(Millis delay, std::function<void()> action);
  // Clock::steady() of the next action; nullopt when nothing is waiting.
  std::optional<Millis> next_due() const;
  // Runs everything that is due, and what becomes due by it.
  void run_due();

  // The instant of the action that runs, otherwise the clock's.
  Millis instant() const;
  Timestamp now() const;
  // Nanoseconds since 1970 of now(), different in every call.
  std::int64_t next_ns();

  // Suspends the task until something has changed: an action ran, or changed() was called. Somebody
  // else's sleep() that ends is no change.
  Task<void> wait_for_change();
  void changed();
  // Suspends the task until so much virtual time has passed.
  Task<void> sleep(Millis duration);

 private:
  using Key = std::pair<Millis, std::uint64_t>;  // instant, and which of its instant
  bool sleeper_is_first() const;

  const Clock& clock_;
  std::map<Key, std::function<void()>> actions_;
  std::map<Key, boost::asio::steady_timer*> sleeping_;
  std::uint64_t sequence_ = 0;
  std::optional<Millis> running_;  // the instant of the action that runs
  std::int64_t last_ns_ = 0;
  std::list<boost::asio::steady_timer*> waiting_;  // in the order in which they began
};

}  // namespace croft::engine
