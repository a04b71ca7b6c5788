#include "init/supervisor.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/oom.h"
#include "init/config.h"
#include "init/env_replace.h"
#include "init/files.h"
#include "init/report.h"

namespace croft::init {

Supervisor::Supervisor(ChildContext& context, const InitConfig& config, SupervisorPaths paths)
    : context_(context),
      config_(config),
      paths_(std::move(paths)),
      channel_(context.loop),
      step_timer_(context.loop),
      drain_timer_(context.loop),
      burial_(context.loop) {}

void Supervisor::start() {
  oom_kills_at_start_ = read_oom_kills();
  if (Status listening = channel_.listen(paths_.health_port); !listening) {
    return fail_with({.step = "health", .exit_code = 78, .reason = listening.error().message()});
  }
  if (!prepare()) return;
  queue_init_steps();
  next_init_step();
}

bool Supervisor::prepare() {
  if (Status written = write_files(config_.files, context_.user); !written) {
    fail_with({.step = "files", .exit_code = 1, .reason = written.error().message()});
    return false;
  }
  Status replaced = apply_env_replace(config_.env_replace, config_.workdir, context_.env);
  if (!replaced) {
    fail_with({.step = "envReplace", .exit_code = 1, .reason = replaced.error().message()});
    return false;
  }
  return true;
}

void Supervisor::queue_init_steps() {
  for (std::size_t i = 0; i < config_.init_commands.size(); ++i) {
    init_steps_.push_back(
        {fmt::format("initCommands[{}]", i), config_.init_commands[i], config_.workdir});
  }
  for (const InitProcess& process : config_.processes) {
    for (std::size_t i = 0; i < process.init_commands.size(); ++i) {
      init_steps_.push_back(
          {fmt::format("{}.initCommands[{}]", start_step(process), i), process.init_commands[i],
           process.workdir.empty() ? config_.workdir : process.workdir, process.user});
    }
  }
}

void Supervisor::next_init_step() {
  init_child_.reset();
  if (init_steps_.empty()) return start_processes();
  const InitStep step = std::move(init_steps_.front());
  init_steps_.pop_front();
  channel_.announce(InstanceState::kInitializing, fmt::format("{}: {}", step.step, step.command));
  ChildSpec spec{.argv = shell_argv(step.command), .workdir = step.workdir};
  Account account;
  if (!step.user.empty()) {
    auto loaded = load_account(step.user, config_, context_.env);
    if (!loaded) return fail_with({step.step, step.command, 1, loaded.error().message(), {}});
    account = std::move(*loaded);
    spec.account = &account;
  }
  auto child = Child::start(context_, spec,
                            [this, step](int wait_status) { init_step_ended(step, wait_status); });
  if (!child) {
    return fail_with({step.step, step.command, 1, child.error().message(), {}});
  }
  init_child_ = std::move(*child);
}

void Supervisor::init_step_ended(const InitStep& step, int wait_status) {
  if (draining_) {
    report_ = {"stop", step.command, exit_code_of(wait_status),
               fmt::format("stopped while {} ran", step.step), init_child_->last_lines()};
    return finish();
  }
  if (wait_status != 0) {
    return fail_with({step.step, step.command, exit_code_of(wait_status), why_ended(wait_status),
                      init_child_->last_lines()});
  }
  step_timer_.start(Millis(0), [this] { next_init_step(); });
}

void Supervisor::start_processes() {
  channel_.announce(InstanceState::kStarting,
                    restarts_ == 0 ? "" : fmt::format("restart {}", restarts_));
  processes_ = std::make_unique<ProcessSet>(
      context_, config_, [this](const ProcessSet::Ended& ended) { process_ended(ended); });
  const InitProcess* failed = nullptr;
  if (Status started = processes_->start(&failed); !started) {
    return fail_with(
        {start_step(*failed), command_text(*failed), 1, started.error().message(), {}});
  }
  if (!cron_) {
    cron_ = std::make_unique<CronRunner>(context_, config_, [this] { return channel_.leader(); });
  }
  readiness_ = std::make_unique<Readiness>(
      context_, config_,
      Readiness::Callbacks{
          .ready = [this] { become_ready(); },
          .failed =
              [this](const std::string& reason) {
                const Probe probe = config_.readiness.value_or(ReadinessConfig{}).probe;
                fail_with({"readiness", probe.command, 1, reason, processes_->last_lines()});
              },
          .waiting =
              [this](const std::string& detail) {
                channel_.announce(InstanceState::kStarting, detail);
              }});
}

void Supervisor::become_ready() {
  was_ready_ = true;
  const std::string detail = restarts_ == 0 ? "" : fmt::format("restarts: {}", restarts_);
  channel_.announce(InstanceState::kReady, detail);
  if (!config_.health) return;
  health_ = std::make_unique<HealthWatch>(
      context_, *config_.health, config_.workdir,
      [this](HealthMonitor::Verdict verdict, const std::string& reason) {
        on_health(verdict, reason);
      });
}

void Supervisor::on_health(HealthMonitor::Verdict verdict, const std::string& detail) {
  const InstanceState state = channel_.current().state;
  switch (verdict) {
    case HealthMonitor::Verdict::kGood:
      if (state == InstanceState::kReady) return;
      context_.output.say(fmt::format("healthy again: {}", detail));
      return channel_.announce(InstanceState::kReady,
                               restarts_ == 0 ? "" : fmt::format("restarts: {}", restarts_));
    case HealthMonitor::Verdict::kDisconnected:
      if (state != InstanceState::kUnhealthy) {
        context_.output.say(fmt::format("unhealthy: {}", detail));
      }
      return channel_.announce(InstanceState::kUnhealthy, detail);
    case HealthMonitor::Verdict::kRestart:
      return restart(detail);
  }
}

void Supervisor::restart(const std::string& reason) {
  ++restarts_;
  context_.output.say(fmt::format("health check failed for {} s ({}): restart {} of the processes",
                                  config_.health->failure_timeout_s, reason, restarts_));
  channel_.announce(InstanceState::kUnhealthy, fmt::format("restart {}: {}", restarts_, reason));
  stop_watching();
  processes_->stop([this] {
    // After a SIGTERM that came meanwhile there is nothing to start again.
    if (draining_) return processes_stopped();
    start_processes();
  });
}

std::string Supervisor::why_ended(int wait_status) const {
  std::string why = "ended with " + describe_end(wait_status);
  const bool killed = exit_code_of(wait_status) == 128 + SIGKILL;
  if (killed && read_oom_kills() > oom_kills_at_start_) {
    why += ": out of memory, it needs more than the service's containers have";
  }
  return why;
}

void Supervisor::process_ended(const ProcessSet::Ended& ended) {
  if (draining_) {
    if (!processes_->any_running()) stop_processes();
    return;
  }
  std::string why = why_ended(ended.wait_status);
  if (ended.wait_status == 0) why += ": the command of a service must go on running";
  fail_with({start_step(ended.process), command_text(ended.process),
             exit_code_of(ended.wait_status), std::move(why), ended.last_lines});
}

void Supervisor::stop_watching() {
  // One of these may be what called: it is destroyed when its callback has returned.
  burial_.start(Millis(0), [readiness = std::shared_ptr<Readiness>(std::move(readiness_)),
                            health = std::shared_ptr<HealthWatch>(std::move(health_))] {});
}

void Supervisor::on_signal(int number) {
  const bool stops = number == SIGTERM || number == SIGINT || number == SIGQUIT;
  if (!stops) {
    if (processes_) processes_->forward(number);
    if (!processes_ && init_child_) init_child_->signal(number);
    return;
  }
  if (!draining_) return begin_drain(number);
  if (!ending_) stop_processes();  // a second one: no more waiting
}

void Supervisor::begin_drain(int number) {
  draining_ = true;
  if (finished_ || failed_) return;
  channel_.announce(InstanceState::kDraining, std::string(signal_name(number)));
  stop_watching();
  if (!processes_) return stop_init_step();
  // Never ready means never in the balancer: nobody has to be waited for.
  if (!was_ready_ || number == SIGQUIT || config_.drain_delay_ms <= 0) return stop_processes();
  drain_timer_.start(Millis(config_.drain_delay_ms), [this] { stop_processes(); });
}

void Supervisor::stop_init_step() {
  step_timer_.stop();
  if (!init_child_ || !init_child_->running()) {
    report_ = {"stop", "", 0, "stopped before the processes were started", {}};
    return finish();
  }
  init_child_->signal_group(SIGTERM);
  drain_timer_.start(Millis(1000) * config_.stop_timeout_s,
                     [this] { init_child_->signal_group(SIGKILL); });
}

void Supervisor::stop_processes() {
  if (ending_) return;
  ending_ = true;
  drain_timer_.stop();
  const int number = signal_from_name(config_.stop_signal).value_or(SIGTERM);
  if (cron_) cron_->stop(number);
  if (!processes_) return finish();
  processes_->stop([this] { processes_stopped(); });
}

void Supervisor::processes_stopped() {
  if (!failed_) {
    report_ = {"stop",
               command_text(config_.processes.front()),
               processes_->main_exit_code().value_or(0),
               processes_->killed() ? fmt::format("killed: did not end within {} s of {}",
                                                  config_.stop_timeout_s, config_.stop_signal)
                                    : "stopped",
               {}};
  }
  finish();
}

void Supervisor::fail_with(ExitReport report) {
  if (failed_ || finished_) return;
  failed_ = true;
  report_ = std::move(report);
  const std::string text = fmt::format("{}: {}", report_.step, report_.reason);
  context_.output.say(text);
  channel_.announce(InstanceState::kFailed, text);
  stop_watching();
  stop_processes();
}

void Supervisor::finish() {
  if (finished_) return;
  finished_ = true;
  if (Status written = write_report(paths_.report, report_); !written) {
    context_.output.say(written.error().message());
  }
  context_.loop.stop();
}

}  // namespace croft::init
