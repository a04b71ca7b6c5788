#include "node/http_watch.h"

#include "base/log.h"

namespace croft::node {
namespace {

constexpr Millis kPeriod{5000};

}  // namespace

HttpWatch::HttpWatch(Runtime& runtime, std::filesystem::path access_log)
    : group_(runtime), stop_(runtime), log_(std::move(access_log)) {}

void HttpWatch::start() {
  group_.spawn("access log", watch());
}

Task<void> HttpWatch::watch() {
  while (!stopping_) {
    co_await look();
    co_await stop_.wait_for(kPeriod);
  }
}

Task<void> HttpWatch::look() {
  tally_.set_routes(routes_);
  const Status done = co_await run_blocking(
      pool_, [this] { return log_.read([this](std::string_view line) { tally_.take(line); }); });
  const std::string before = std::exchange(error_, done ? "" : done.error().message());
  if (error_ != before && !done) {
    log_warning("requests are not counted", {{"error", done.error().describe()}});
  }
  figures_ = tally_.figures();
}

Task<void> HttpWatch::stop() {
  stopping_ = true;
  stop_.notify();
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft::node
