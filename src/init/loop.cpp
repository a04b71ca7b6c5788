#include "init/loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/check.h"

namespace croft::init {
namespace {

epoll_event make_event(int fd, std::uint32_t generation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
  return event;
}

}  // namespace

Loop::Loop(const Clock& clock) : clock_(clock), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  check(static_cast<bool>(epoll_), "epoll_create1");
}

Status Loop::watch(int fd, std::uint32_t events, FdCallback callback) {
  auto watch = std::make_shared<Watch>(Watch{++generation_, std::move(callback)});
  epoll_event event = make_event(fd, watch->generation, events);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail(errno_error("watch a file descriptor", errno));
  }
  watches_[fd] = std::move(watch);
  return {};
}

void Loop::change(int fd, std::uint32_t events) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  epoll_event event = make_event(fd, found->second->generation, events);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::unwatch(int fd) {
  if (watches_.erase(fd) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Loop::TimerKey Loop::call_at(Millis when, TimerCallback callback) {
  TimerKey key{when, ++next_timer_};
  timers_.emplace(key, std::move(callback));
  return key;
}

void Loop::cancel(const TimerKey& key) {
  timers_.erase(key);
}

void Loop::run_due_timers() {
  // Only those due now: a callback that starts a timer of zero must not starve the descriptors.
  const TimerKey limit{now(), next_timer_};
  while (!timers_.empty() && timers_.begin()->first <= limit) {
    const TimerCallback callback = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    callback();
  }
}

void Loop::turn(Millis max_wait) {
  Millis wait = max_wait;
  if (!timers_.empty()) wait = std::min(wait, timers_.begin()->first.first - now());
  std::array<epoll_event, 32> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(std::max<long long>(wait.count(), 0)));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto fd = static_cast<int>(event.data.u64 & 0xFFFFFFFF);
    const auto found = watches_.find(fd);
    if (found == watches_.end() || found->second->generation != event.data.u64 >> 32) continue;
    const std::shared_ptr<Watch> watch = found->second;  // survives its own unwatch()
    watch->callback(event.events);
  }
  run_due_timers();
}

void Loop::run() {
  running_ = true;
  while (running_) turn(Millis(60'000));
}

void Timer::start(Millis delay, Loop::TimerCallback callback) {
  stop();
  active_ = true;
  key_ = loop_.call_at(loop_.now() + delay, [this, callback = std::move(callback)] {
    active_ = false;
    callback();
  });
}

void Timer::stop() {
  if (active_) loop_.cancel(key_);
  active_ = false;
}

}  // namespace croft::init
