#include "task/virtual_time.h"

#include <gmock/gmock.h>

#include "task/broadcast.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft {
namespace {

struct Noted {
  ManualClock clock;
  std::vector<std::string> order;
  void note(const std::string& what) {
    order.push_back(what + "@" + std::to_string(clock.steady().count()));
  }
};

Task<void> sleeper(Noted* noted, std::string name, Millis duration) {
  co_await sleep_for(duration);
  noted->note(name);
}

Task<void> waiter(Noted* noted, Signal* signal) {
  noted->note(co_await signal->wait_for(Millis(60'000)) ? "notified" : "passed");
  noted->note(co_await signal->wait_for(Millis(60'000)) ? "notified" : "passed");
}

Task<void> listener(Noted* noted, Broadcast* broadcast) {
  co_await broadcast->wait_past(broadcast->version(), Millis(3'600'000));
  noted->note("limit");
}

// Hours of it in no time, and the same order in every run.
TEST(VirtualTime, WaitsEndByTheClockThatIsTurned) {
  Noted noted;
  Runtime runtime;
  VirtualTime& time = VirtualTime::install(runtime, noted.clock);
  Signal signal(runtime);
  Broadcast broadcast(runtime);
  {
    Group group(runtime);
    group.spawn("b", sleeper(&noted, "b", Millis(2000)));
    group.spawn("a", sleeper(&noted, "a", Millis(1000)));
    group.spawn("c", sleeper(&noted, "c", Millis(2000)));
    group.spawn("waiter", waiter(&noted, &signal));
    group.spawn("listener", listener(&noted, &broadcast));
    while (runtime.io().poll() > 0) {
    }
    ASSERT_EQ(time.next_due(), Millis(1000));
    signal.notify();
    while (runtime.io().poll() > 0) {
    }
    while (const auto due = time.next_due()) {
      noted.clock.advance(*due - noted.clock.steady());
      time.run_due();
      runtime.io().restart();
      while (runtime.io().poll() > 0) {
      }
    }
  }
  EXPECT_THAT(noted.order, testing::ElementsAre("notified@0", "a@1000", "b@2000", "c@2000",
                                                "passed@60000", "limit@3600000"));
}

}  // namespace
}  // namespace croft
