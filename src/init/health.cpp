#include "init/health.h"

#include <algorithm>

namespace croft::init {

HealthMonitor::Verdict HealthMonitor::observe(bool ok, Millis now) {
  const auto lasted = [now](const std::optional<Millis>& since, int limit_s) {
    return since && now - *since >= Millis(1000) * limit_s;
  };
  if (!ok) {
    good_since_.reset();
    if (!bad_since_) bad_since_ = now;
    if (lasted(bad_since_, config_.failure_timeout_s)) return Verdict::kRestart;
    if (lasted(bad_since_, config_.disconnect_timeout_s)) disconnected_ = true;
  } else {
    bad_since_.reset();
    if (!good_since_) good_since_ = now;
    if (lasted(good_since_, config_.recovery_timeout_s)) disconnected_ = false;
  }
  return disconnected_ ? Verdict::kDisconnected : Verdict::kGood;
}

HealthWatch::HealthWatch(ChildContext& context, const HealthConfig& config, std::string workdir,
                         OnVerdict on_verdict)
    : context_(context),
      config_(config),
      workdir_(std::move(workdir)),
      on_verdict_(std::move(on_verdict)),
      monitor_(config),
      next_(context.loop) {
  config_.period_s = std::max(config_.period_s, 1);
  next_.start(Millis(1000) * config_.period_s, [this] { attempt(); });
}

void HealthWatch::attempt() {
  started_ = context_.loop.now();
  attempt_ = ProbeAttempt::start(context_, config_.probe, workdir_,
                                 [this](const ProbeResult& result) { judge(result); });
}

void HealthWatch::judge(const ProbeResult& result) {
  attempt_.reset();
  const Millis now = context_.loop.now();
  const Millis next = started_ + Millis(1000) * config_.period_s;
  next_.start(std::max(next - now, Millis(0)), [this] { attempt(); });
  on_verdict_(monitor_.observe(result.ok, now), result.detail);  // may destroy this
}

}  // namespace croft::init
