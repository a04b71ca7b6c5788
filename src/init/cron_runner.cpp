#include "init/cron_runner.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft::init {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kFarBackMinutes = 180;

}  // namespace

CronRunner::CronRunner(ChildContext& context, const InitConfig& config,
                       std::function<bool()> is_leader)
    : context_(context),
      config_(config),
      is_leader_(std::move(is_leader)),
      last_minute_(context.loop.clock().now().ms / kMinuteMs),
      timer_(context.loop) {
  for (const InitCron& line : config.crontab) {
    auto schedule = CronSchedule::parse(line.timing);
    if (schedule) jobs_.push_back({&line, *schedule, nullptr});
  }
  if (!jobs_.empty()) wait_for_next_minute();
}

// Wakes at least every 30 s: the wall clock may be set while we sleep.
void CronRunner::wait_for_next_minute() {
  const std::int64_t now_ms = context_.loop.clock().now().ms;
  const Millis left(kMinuteMs - now_ms % kMinuteMs);
  timer_.start(std::min(left, Millis(30'000)), [this] {
    const std::int64_t minute = context_.loop.clock().now().ms / kMinuteMs;
    // A clock that was put back a little waits until it is where it was, so that nothing runs
    // twice; one that was put back far starts anew.
    if (minute > last_minute_ || minute < last_minute_ - kFarBackMinutes) {
      last_minute_ = minute;
      run_due({minute * kMinuteMs});
    }
    wait_for_next_minute();
  });
}

void CronRunner::run_due(Timestamp minute) {
  for (Job& job : jobs_) {
    const auto next = job.schedule.next_after({minute.ms - 1});
    if (next != minute || (!job.line->all_containers && !is_leader_())) continue;
    if (job.child && job.child->running()) {
      context_.output.say(
          fmt::format("cron: '{}' still runs, this run is left out", job.line->command));
    } else {
      run(job);
    }
  }
}

void CronRunner::run(Job& job) {
  const InitCron& line = *job.line;
  auto child =
      Child::start(context_,
                   {.argv = shell_argv(line.command),
                    .workdir = line.workdir.empty() ? config_.workdir : line.workdir},
                   [this, &line](int wait_status) {
                     if (wait_status == 0) return;
                     context_.output.say(fmt::format("cron: '{}' ended with {}", line.command,
                                                     describe_end(wait_status)));
                   });
  if (!child) {
    context_.output.say(
        fmt::format("cron: '{}' was not started: {}", line.command, child.error().message()));
    return;
  }
  job.child = std::move(*child);
}

void CronRunner::stop(int signal) {
  timer_.stop();
  for (const Job& job : jobs_) {
    if (job.child && job.child->running()) job.child->signal_group(signal);
  }
}

}  // namespace croft::init
