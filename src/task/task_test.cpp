#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "task/broadcast.h"
#include "task/group.h"
#include "task/pool.h"
#include "task/signal.h"
#include "task/stoppable.h"
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

// What a pool's thread still has to let go of from one run must not end the next.
TEST(Pool, OneRunAfterTheOtherGetsItsOwnAnswer) {
  Runtime runtime;
  Pool pool(2);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(runtime.run_until_done(run_blocking(pool, [i] { return std::to_string(i); })),
              std::to_string(i));
  }
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

// A child that needs a moment for its own end, as a connection that is closed does.
Task<void> end_slowly(Runtime* runtime, bool* ended) {
  Group group(*runtime);
  bool woken = false;
  group.spawn("grandchild", wait_long(&woken));
  co_await group.join();
  *ended = woken;
}

Task<void> own_and_join(Runtime* runtime, bool* child_ended, bool* owner_ended) {
  Group group(*runtime);
  group.spawn("slow", end_slowly(runtime, child_ended));
  co_await group.join();
  *owner_ended = true;
}

Task<void> spawn_and_wait(Runtime* runtime, Group* group, bool* child_ended) {
  group->spawn("slow", end_slowly(runtime, child_ended));
  co_await sleep_for(Millis(600'000));
  co_await sleep_for(Millis(600'000));  // throws: the task is cancelled
}

Task<void> own_and_run(Runtime* runtime, bool* child_ended, bool* owner_ended) {
  Group group(*runtime);
  try {
    co_await group.run(spawn_and_wait(runtime, &group, child_ended));
  } catch (const std::exception&) {
    *owner_ended = *child_ended && group.size() == 0;
    throw;
  }
}

using Owner = Task<void> (*)(Runtime*, bool*, bool*);

Task<bool> cancel_owner(Runtime* runtime, Owner owner) {
  Group group(*runtime);
  bool child_ended = false;
  bool owner_ended = false;
  group.spawn("owner", owner(runtime, &child_ended, &owner_ended));
  co_await sleep_for(Millis(1));
  group.cancel();
  co_await group.join();
  co_return child_ended&& owner_ended;
}

TEST(Group, AnOwnerCancelledWhileItJoinsCancelsItsChildrenAndWaits) {
  Runtime runtime;
  EXPECT_TRUE(runtime.run_until_done(cancel_owner(&runtime, own_and_join)));
}

TEST(Group, AnOwnerCancelledInItsOwnPartLeavesNoChildren) {
  Runtime runtime;
  EXPECT_TRUE(runtime.run_until_done(cancel_owner(&runtime, own_and_run)));
}

Task<void> fail_with_child(Group* group, bool* ended) {
  group->spawn("child", wait_long(ended));
  co_await sleep_for(Millis(0));
  throw std::runtime_error("broken");
}

Task<std::string> run_failing(Runtime* runtime) {
  Group group(*runtime);
  bool ended = false;
  std::string what;
  try {
    co_await group.run(fail_with_child(&group, &ended));
  } catch (const std::exception& e) {
    what = e.what();
  }
  co_return group.size() == 0 ? what : "children are left";
}

TEST(Group, AnExceptionOfTheOwnerGoesOnAfterItsChildrenEnded) {
  Runtime runtime;
  EXPECT_EQ(runtime.run_until_done(run_failing(&runtime)), "broken");
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

// Waits until a stop is requested; true when that came.
bool block_until_stopped(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, token, std::chrono::seconds(60), [] { return false; });
  return token.stop_requested();
}

Task<void> block_on_pool(Pool* pool, bool* stopped) {
  *stopped = co_await run_blocking_stoppable(
      *pool, [](const std::stop_token& token) { return block_until_stopped(token); });
}

Task<bool> cancel_blocking(Runtime* runtime, Pool* pool) {
  Group group(*runtime);
  bool stopped = false;
  group.spawn("blocking", block_on_pool(pool, &stopped));
  co_await sleep_for(Millis(1));
  group.cancel();
  co_await group.join();
  co_return stopped;
}

Task<void> wait_on_pool(Pool* pool, std::promise<void>* release, bool* done) {
  *done = co_await run_blocking(*pool, [release] {
    release->get_future().wait();
    return true;
  });
}

Task<bool> cancel_while_it_blocks(Runtime* runtime, Pool* pool) {
  Group group(*runtime);
  std::promise<void> release;
  bool done = false;
  group.spawn("blocking", wait_on_pool(pool, &release, &done));
  co_await sleep_for(Millis(1));
  group.cancel();
  co_await sleep_for(Millis(1));
  release.set_value();
  co_await group.join();
  co_return done;
}

// It used to end the program: the pool's side threw where nobody catches.
TEST(Pool, ATaskThatIsCancelledWaitsForItsBlockingWork) {
  Runtime runtime;
  Pool pool(1);
  EXPECT_TRUE(runtime.run_until_done(cancel_while_it_blocks(&runtime, &pool)));
}

TEST(Pool, CancellingATaskStopsItsBlockingWork) {
  Runtime runtime;
  Pool pool(1);
  EXPECT_TRUE(runtime.run_until_done(cancel_blocking(&runtime, &pool)));
}

}  // namespace
}  // namespace croft
