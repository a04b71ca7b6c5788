#include "engine/fake/drive.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>

namespace croft::engine {

bool run_on_virtual_time(Runtime& runtime, ManualClock& clock, FakeCluster& cluster,
                         Task<void> task) {
  bool done = false;
  std::exception_ptr failure;
  boost::asio::co_spawn(runtime.io(), std::move(task), [&](std::exception_ptr error) {
    done = true;
    failure = error;
  });
  runtime.io().restart();
  while (true) {
    while (runtime.io().poll() > 0) {
    }
    if (done) break;
    const auto due = cluster.schedule.next_due();
    if (!due) return false;
    if (*due > clock.steady()) clock.advance(*due - clock.steady());
    cluster.run_due();
  }
  if (failure) std::rethrow_exception(failure);
  return true;
}

}  // namespace croft::engine
