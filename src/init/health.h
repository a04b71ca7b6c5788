// The continuous check of a service that was ready once.
#pragma once

#include "init/probe.h"

namespace croft::init {

// The rules alone: results and times in, state out.
class HealthMonitor {
 public:
  enum class Verdict : unsigned char { kGood, kDisconnected, kRestart };

  explicit HealthMonitor(const HealthConfig& config) : config_(config) {}

  // `now` is when the result came. Bad for disconnect_timeout: kDisconnected, until it is good for
  // recovery_timeout; bad for failure_timeout: kRestart.
  Verdict observe(bool ok, Millis now);

 private:
  HealthConfig config_;
  bool disconnected_ = false;
  std::optional<Millis> bad_since_;
  std::optional<Millis> good_since_;  // only while disconnected
};

class HealthWatch {
 public:
  using OnVerdict = std::function<void(HealthMonitor::Verdict verdict, const std::string& detail)>;

  // Asks every period_s, the first time after one period. `on_verdict` is called after each
  // attempt and may destroy the watch.
  HealthWatch(ChildContext& context, const HealthConfig& config, std::string workdir,
              OnVerdict on_verdict);

 private:
  void attempt();
  void judge(const ProbeResult& result);

  ChildContext& context_;
  HealthConfig config_;
  std::string workdir_;
  OnVerdict on_verdict_;
  HealthMonitor monitor_;
  Timer next_;
  Millis started_{0};
  std::unique_ptr<ProbeAttempt> attempt_;
};

}  // namespace croft::init
