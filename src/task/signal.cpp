#include "task/signal.h"

#include <utility>

namespace croft {

Signal::Signal(Runtime& runtime) : timer_(runtime.io().get_executor()) {}

void Signal::notify() {
  pending_ = true;
  timer_.cancel();
}

Task<bool> Signal::wait_for(Millis limit) {
  if (!pending_) {
    co_await timer_.wait(limit);
  }
  co_return std::exchange(pending_, false);
}

}  // namespace croft
