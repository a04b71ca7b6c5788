// The life of a service container, from its configuration to its exit code.
//
//   files → envReplace → init commands → processes → readiness → ready ⇄ unhealthy → (restart)
//   any failure: exit report, the processes are stopped, exit
//   SIGTERM: draining → drain_delay_ms → stop signal → stop_timeout_s → SIGKILL → exit
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>

#include "init/cron_runner.h"
#include "init/health.h"
#include "init/health_channel.h"
#include "init/process_set.h"
#include "init/readiness.h"

namespace croft::init {

struct SupervisorPaths {
  std::filesystem::path report = kExitReportPath;
  std::uint16_t health_port = kHealthPort;
};

class Supervisor {
 public:
  // `config` has been checked. All outlive the supervisor.
  Supervisor(ChildContext& context, const InitConfig& config, SupervisorPaths paths);

  void start();
  // Of this process: SIGTERM, SIGINT and SIGQUIT stop, the others are passed on.
  void on_signal(int number);
  bool finished() const { return finished_; }
  int exit_code() const { return report_.exit_code; }

 private:
  struct InitStep {
    std::string step;  // of the exit report
    std::string command;
    std::string workdir;
    std::string user = {};  // empty: the container's
  };

  bool prepare();
  void queue_init_steps();
  void next_init_step();
  void init_step_ended(const InitStep& step, int wait_status);
  void start_processes();
  void become_ready();
  void on_health(HealthMonitor::Verdict verdict, const std::string& detail);
  void restart(const std::string& reason);
  void process_ended(const ProcessSet::Ended& ended);
  void begin_drain(int number);
  void stop_init_step();
  void stop_processes();
  void processes_stopped();
  void stop_watching();
  void fail_with(ExitReport report);
  void finish();
  std::string why_ended(int wait_status) const;

  ChildContext& context_;
  const InitConfig& config_;
  SupervisorPaths paths_;
  HealthChannel channel_;
  std::deque<InitStep> init_steps_;
  std::unique_ptr<Child> init_child_;
  std::unique_ptr<ProcessSet> processes_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<HealthWatch> health_;
  std::unique_ptr<CronRunner> cron_;
  Timer step_timer_;
  Timer drain_timer_;
  Timer burial_;  // destroys watchers outside their own callbacks
  std::uint64_t oom_kills_at_start_ = 0;
  int restarts_ = 0;
  bool was_ready_ = false;
  bool draining_ = false;  // somebody asked us to stop
  bool ending_ = false;    // the processes are being stopped for good
  bool failed_ = false;    // report_ holds why
  bool finished_ = false;
  ExitReport report_;
};

}  // namespace croft::init
