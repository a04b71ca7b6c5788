#include "daemon/log_sink.h"

#include "base/log.h"

namespace croft {
namespace {
constexpr Millis kPeriod{5 * 60'000};
}

Task<void> LogSink::keep_within_limits() {
  for (;;) {
    const Status kept = co_await store_->retain();
    if (!kept) log_warning("log retention failed", {{"error", kept.error().describe()}});
    co_await sleep_for(kPeriod);
  }
}

}  // namespace croft
