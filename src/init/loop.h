// The one thread of croft-init: file descriptors and timers, nothing else. Callbacks may add and
// remove anything, themselves included.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"

namespace croft::init {

class Loop {
 public:
  using FdCallback = std::function<void(std::uint32_t events)>;  // EPOLLIN, EPOLLOUT, EPOLLHUP…
  using TimerCallback = std::function<void()>;
  using TimerKey = std::pair<Millis, std::uint64_t>;

  // `clock` outlives the loop; timers follow its steady().
  explicit Loop(const Clock& clock);

  // Calls `callback` whenever one of `events` holds (level-triggered). kFailed for what cannot be
  // polled, such as a regular file.
  Status watch(int fd, std::uint32_t events, FdCallback callback);
  // Changes the events of a watched fd; 0 pauses it (errors and hang-ups are still reported).
  void change(int fd, std::uint32_t events);
  // To be called before the fd is closed. Unknown fds are ignored.
  void unwatch(int fd);

  TimerKey call_at(Millis when, TimerCallback callback);
  void cancel(const TimerKey& key);

  Millis now() const { return clock_.steady(); }
  const Clock& clock() const { return clock_; }

  void run();  // until stop()
  void stop() { running_ = false; }
  // One turn: waits for at most `max_wait` for something to do, and does it.
  void turn(Millis max_wait);

 private:
  struct Watch {
    std::uint32_t generation = 0;
    FdCallback callback;
  };
  void run_due_timers();

  const Clock& clock_;
  Fd epoll_;
  bool running_ = false;
  std::uint32_t generation_ = 0;  // tells a reused fd number from the one an event was for
  std::uint64_t next_timer_ = 0;
  std::map<int, std::shared_ptr<Watch>> watches_;
  std::map<TimerKey, TimerCallback> timers_;
};

// One pending call; starting it again replaces the former, destroying it cancels.
class Timer {
 public:
  explicit Timer(Loop& loop) : loop_(loop) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { stop(); }

  void start(Millis delay, Loop::TimerCallback callback);
  void stop();

 private:
  Loop& loop_;
  bool active_ = false;
  Loop::TimerKey key_;
};

}  // namespace croft::init
