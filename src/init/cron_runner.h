// Runs the crontab of the service while its processes run. Times are UTC.
#pragma once

#include <memory>
#include <vector>

#include "base/cron.h"
#include "init/child.h"
#include "model/init_config.h"

namespace croft::init {

class CronRunner {
 public:
  // `is_leader` is asked for each run of a line that is not for all containers. `config` has been
  // checked: every timing parses.
  CronRunner(ChildContext& context, const InitConfig& config, std::function<bool()> is_leader);

  // Sends `signal` to the groups of jobs that run; no more are started.
  void stop(int signal);

 private:
  struct Job {
    const InitCron* line = nullptr;
    CronSchedule schedule;
    std::unique_ptr<Child> child;  // of the last run
  };
  void wait_for_next_minute();
  void run_due(Timestamp minute);
  void run(Job& job);

  ChildContext& context_;
  const InitConfig& config_;
  std::function<bool()> is_leader_;
  std::vector<Job> jobs_;
  std::int64_t last_minute_;  // since the epoch; each is run once, also when the clock jumps back
  Timer timer_;
};

}  // namespace croft::init
