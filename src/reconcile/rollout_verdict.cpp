#include "reconcile/rollout_verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft {
namespace {

constexpr int kExitSigkill = 128 + 9;

ProcessError explain_rejection(const InstanceView& instance) {
  ProcessError error;
  error.code = "failed";
  error.step = "start";
  error.message = fmt::format("the engine could not start a container: {}", instance.rejected);
  return error;
}

std::string advice(const std::string& step) {
  if (step.starts_with("initCommands")) return "fix the init command; it must exit with 0";
  if (step == "readiness")
    return "check the path and the port of readinessCheck, and that the app listens on 0.0.0.0";
  if (step == "envReplace") return "check the files that envReplace names";
  return "see the log of this process, or run the start command locally";
}

}  // namespace

ProcessError explain_exit(const InstanceView& instance, std::int64_t memory_bytes) {
  ProcessError error;
  error.code = "deploy-failed";
  error.exit_code = instance.exit_code;
  error.step = "start";
  if (instance.exit_report) {
    const ExitReport& report = *instance.exit_report;
    if (!report.step.empty()) error.step = report.step;
    error.exit_code = report.exit_code;
    // The processes ran; the code is croft-init's own.
    if (report.step == "readiness") error.exit_code.reset();
    error.last_lines = report.last_lines;
  }
  if (instance.oom_killed) {
    error.message = fmt::format(
        "{}: out of memory (the container may use {} MiB); give it more memory, or use less",
        error.step, memory_bytes >> 20);
    if (!error.exit_code) error.exit_code = kExitSigkill;
    return error;
  }
  if (instance.disk_full) {
    error.message = fmt::format(
        "{}: stopped, because it had written more than a container may beside its volumes "
        "(container_disk_bytes of croft platform limits); write less, or remove what is not needed",
        error.step);
    return error;
  }
  const std::string reason =
      instance.exit_report && !instance.exit_report->reason.empty()
          ? instance.exit_report->reason
          : fmt::format("the container ended with exit code {}", error.exit_code.value_or(-1));
  error.message = fmt::format("{}: {}; {}", error.step, reason, advice(error.step));
  return error;
}

RolloutVerdict judge_rollout(const std::vector<InstanceView>& instances, int wanted,
                             std::int64_t memory_bytes) {
  RolloutVerdict verdict;
  for (const InstanceView& instance : instances) {
    if (!instance.rejected.empty() || instance.exit_code.has_value()) {
      verdict.state = RolloutVerdict::State::kFailed;
      verdict.failure = instance.exit_code.has_value() ? explain_exit(instance, memory_bytes)
                                                       : explain_rejection(instance);
      return verdict;
    }
    if (instance.health == InstanceState::kReady) {
      ++verdict.ready;
    } else if (verdict.detail.empty()) {
      verdict.detail = instance.detail;
    }
  }
  if (verdict.ready >= wanted) verdict.state = RolloutVerdict::State::kReady;
  return verdict;
}

}  // namespace croft
