#include "init/readiness.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft::init {
namespace {

constexpr Millis kFirstPause{25};  // an application that is up quickly is seen quickly
constexpr int kQuickTries = 20;    // of ports only: they cost the application nothing

}  // namespace

Readiness::Readiness(ChildContext& context, const InitConfig& config, Callbacks callbacks)
    : context_(context),
      config_(config),
      callbacks_(std::move(callbacks)),
      deadline_(context.loop),
      retry_(context.loop) {
  const ReadinessConfig rules = config.readiness.value_or(ReadinessConfig{});
  if (config.readiness) {
    probes_.push_back(rules.probe);
  } else {
    for (const std::uint16_t port : config.ports) probes_.push_back(Probe{.tcp_port = port});
    quick_tries_ = kQuickTries;
  }
  if (probes_.empty()) {
    retry_.start(Millis(1000), [this] { callbacks_.ready(); });
    return;
  }
  max_pause_ = Millis(1000) * std::max(rules.retry_period_s, 1);
  // A command costs more than a connection: it is not asked more often than was said.
  pause_ = probes_.front().command.empty() ? kFirstPause : max_pause_;
  deadline_.start(Millis(1000) * rules.failure_timeout_s, [this, rules] {
    attempt_.reset();
    retry_.stop();
    callbacks_.failed(
        fmt::format("not ready within {} s: {}", rules.failure_timeout_s, last_detail_));
  });
  attempt();
}

void Readiness::attempt() {
  attempt_ = ProbeAttempt::start(context_, probes_.back(), config_.workdir,
                                 [this](const ProbeResult& result) { judge(result); });
}

void Readiness::judge(const ProbeResult& result) {
  attempt_.reset();
  last_detail_ = result.detail;
  if (!result.ok) {
    retry_.start(pause_, [this] { attempt(); });
    if (quick_tries_-- <= 0) pause_ = std::min(pause_ * 2, max_pause_);
    callbacks_.waiting(result.detail);
    return;
  }
  probes_.pop_back();
  if (!probes_.empty()) return attempt();
  deadline_.stop();
  callbacks_.ready();  // may destroy this
}

}  // namespace croft::init
