#include "engine/fake/schedule.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace croft::engine {

namespace asio = boost::asio;

Millis FakeSchedule::instant() const {
  return running_.value_or(clock_.steady());
}

Timestamp FakeSchedule::now() const {
  return clock_.now() + (instant() - clock_.steady());
}

std::int64_t FakeSchedule::next_ns() {
  last_ns_ = std::max(last_ns_ + 1, now().ms * 1'000'000);
  return last_ns_;
}

void FakeSchedule::after(Millis delay, std::function<void()> action) {
  actions_.emplace(std::pair(instant() + delay, sequence_++), std::move(action));
}

bool FakeSchedule::sleeper_is_first() const {
  if (sleeping_.empty() || actions_.empty()) return actions_.empty();
  return sleeping_.begin()->first < actions_.begin()->first;
}

std::optional<Millis> FakeSchedule::next_due() const {
  if (actions_.empty() && sleeping_.empty()) return std::nullopt;
  return sleeper_is_first() ? sleeping_.begin()->first.first : actions_.begin()->first.first;
}

void FakeSchedule::run_due() {
  bool acted = false;
  for (auto due = next_due(); due && *due <= clock_.steady(); due = next_due()) {
    if (sleeper_is_first()) {
      sleeping_.extract(sleeping_.begin()).mapped()->cancel();
      continue;
    }
    auto first = actions_.extract(actions_.begin());
    running_ = first.key().first;
    first.mapped()();
    acted = true;
  }
  running_.reset();
  if (acted) changed();
}

void FakeSchedule::changed() {
  for (asio::steady_timer* timer : waiting_) timer->cancel();
}

Task<void> FakeSchedule::wait_for_change() {
  struct Registered {
    Registered(std::list<asio::steady_timer*>& all, asio::steady_timer& timer)
        : waiting(all), mine(all.insert(all.end(), &timer)) {}
    Registered(const Registered&) = delete;
    ~Registered() { waiting.erase(mine); }
    std::list<asio::steady_timer*>& waiting;
    std::list<asio::steady_timer*>::iterator mine;
  };
  // Never fires: real time plays no part.
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  const Registered registered(waiting_, timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

Task<void> FakeSchedule::sleep(Millis duration) {
  // Out of the list also when the task ends before its time.
  struct Entry {
    Entry(std::map<Key, asio::steady_timer*>& all, Key at, asio::steady_timer& timer)
        : sleeping(all), key(at) {
      sleeping.emplace(key, &timer);
    }
    Entry(const Entry&) = delete;
    ~Entry() { sleeping.erase(key); }
    std::map<Key, asio::steady_timer*>& sleeping;
    Key key;
  };
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  const Entry entry(sleeping_, {instant() + duration, sequence_++}, timer);
  while (instant() < entry.key.first) {
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace croft::engine
