#include <gtest/gtest.h>

#include <thread>

#include "task/broadcast.h"
#include "task/group.h"
#include "task/pool.h"
#include "task/signal.h"
#include "task/task.h"

namespace croft {
namespace {

Task<int> twice(int n) {
  co_return n * 2;
}

Task<void> wait_long(bool* ended) {
  co_await sleep_for(Millis(600'000));
  *ended = true;
}

Task<bool> cancel_children(Runtime* runtime) {
  Group group(*runtime);
  bool first = false;
  bool second = false;
  group.spawn("first", wait_long(&first));
  group.spawn("second", wait_long(&second));
  co_await sleep_for(Millis(1));
  group.cancel();
  co_await group.join();
  co_return group.size() == 0;
}

Task<bool> notified_before_wait(Runtime* runtime) {
  Signal signal(*runtime);
  signal.notify();
  signal.notify();
  const bool first = co_await signal.wait_for(Millis(1));
  const bool second = co_await signal.wait_for(Millis(1));
  co_return first && !second;
}

Task<bool> runs_elsewhere(Pool* pool) {
  const auto here = std::this_thread::get_id();
  const auto there = co_await run_blocking(*pool, [] { return std::this_thread::get_id(); });
  co_return there != here&& std::this_thread::get_id() == here;
}

TEST(Task, Runs) {
  Runtime runtime;
  EXPECT_EQ(runtime.run_until_done(twice(21)), 42);
}

Task<void> wait_once(Broadcast* broadcast, int* woken) {
  co_await broadcast->wait_past(broadcast->version(), Millis(600'000));
  ++*woken;
}

Task<int> broadcast_to_three(Runtime* runtime) {
  Broadcast broadcast(*runtime);
  Group group(*runtime);
  int woken = 0;
  for (int i = 0; i < 3; ++i) group.spawn("waiter", wait_once(&broadcast, &woken));
  co_await sleep_for(Millis(1));
  const auto seen = broadcast.version();
  broadcast.notify();
  co_await group.join();
  co_await broadcast.wait_past(seen, Millis(600'000));
  co_return woken;
}

TEST(Broadcast, WakesEveryWaiterAndLosesNothing) {
  Runtime runtime;
  EXPECT_EQ(runtime.run_until_done(broadcast_to_three(&runtime)), 3);
}

TEST(Group, CancelsAndJoinsItsChildren) {
  Runtime runtime;
  EXPECT_TRUE(runtime.run_until_done(cancel_children(&runtime)));
}

TEST(Signal, NotificationsCoalesceAndAreNotLost) {
  Runtime runtime;
  EXPECT_TRUE(runtime.run_until_done(notified_before_wait(&runtime)));
}

TEST(Pool, RunsBlockingWorkOffTheStateThread) {
  Runtime runtime;
  Pool pool(2);
  EXPECT_TRUE(runtime.run_until_done(runs_elsewhere(&pool)));
}

}  // namespace
}  // namespace croft
