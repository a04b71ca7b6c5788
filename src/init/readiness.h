// Asks until the service is ready, or until its time is up.
#pragma once

#include <vector>

#include "init/probe.h"

namespace croft::init {

class Readiness {
 public:
  struct Callbacks {
    std::function<void()> ready;
    std::function<void(std::string reason)> failed;
    std::function<void(const std::string& detail)> waiting;  // after an attempt that was not good
  };

  // Without a readiness check every port of `config.ports` must accept; without ports the service
  // counts as ready once its processes live for 1 s.
  Readiness(ChildContext& context, const InitConfig& config, Callbacks callbacks);

 private:
  void attempt();
  void judge(const ProbeResult& result);

  ChildContext& context_;
  const InitConfig& config_;
  Callbacks callbacks_;
  std::vector<Probe> probes_;  // those that were not good yet
  int quick_tries_ = 0;        // attempts before the pause grows
  Millis pause_{0};            // before the next attempt
  Millis max_pause_{0};
  std::string last_detail_;
  Timer deadline_;
  Timer retry_;
  std::unique_ptr<ProbeAttempt> attempt_;
};

}  // namespace croft::init
