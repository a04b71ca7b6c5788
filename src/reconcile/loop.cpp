#include "reconcile/loop.h"

#include <algorithm>

#include "base/log.h"

namespace croft {

Loop::Loop(Runtime& runtime, Clock& clock, Reconciler& reconciler, Millis period)
    : clock_(clock), reconciler_(reconciler), period_(period), wake_(runtime) {}

Task<void> Loop::run() {
  Millis backoff{0};
  for (;;) {
    const Millis started = clock_.steady();
    const Status status = co_await reconciler_.reconcile();
    last_.at = clock_.now();
    last_.took = clock_.steady() - started;
    last_.took_total += last_.took;
    if (status) last_.succeeded_at = clock_.steady();
    ++last_.runs;
    const std::string error = status ? std::string() : status.error().describe();
    if (!status) {
      ++last_.failures;
      // The same failure again and again is one line in the log.
      if (error != last_.error) {
        log_warning("a reconciler failed", {{"reconciler", name()}, {"error", error}});
      }
      backoff = std::clamp(backoff * 2, Millis(1000), period_);
    } else {
      backoff = Millis(0);
    }
    last_.error = error;
    co_await wake_.wait_for(backoff > Millis(0) ? backoff : period_);
  }
}

}  // namespace croft
