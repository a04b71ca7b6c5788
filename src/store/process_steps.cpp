#include "store/process_steps.h"

#include <algorithm>

namespace croft {
namespace {

std::vector<ProcessStep>::iterator find_step(std::vector<ProcessStep>& steps,
                                             const std::string& name) {
  return std::find_if(steps.begin(), steps.end(),
                      [&](const ProcessStep& step) { return step.name == name; });
}

void add_missing(std::vector<ProcessStep>& steps, const std::string& name) {
  if (!name.empty() && find_step(steps, name) == steps.end()) steps.push_back({.name = name});
}

void end_step(ProcessStep& step, StepStatus status, Timestamp now) {
  step.status = status;
  if (status != StepStatus::kSkipped) step.finished_at = now;
}

// How the current step ended, given how its process did.
StepStatus last_status(ProcessStatus status) {
  return status == ProcessStatus::kFinished ? StepStatus::kFinished : StepStatus::kFailed;
}

}  // namespace

std::vector<ProcessStep> steps_after(std::vector<ProcessStep> stored, const Process& process,
                                     Timestamp now) {
  for (const ProcessStep& step : process.steps) add_missing(stored, step.name);
  add_missing(stored, process.step);
  const auto current = find_step(stored, process.step);
  if (current != stored.end()) {
    for (auto step = stored.begin(); step != current; ++step) {
      if (step->status == StepStatus::kRunning) end_step(*step, StepStatus::kFinished, now);
      if (step->status == StepStatus::kPending) end_step(*step, StepStatus::kSkipped, now);
    }
    if (current->status == StepStatus::kPending && process.status != ProcessStatus::kPending) {
      current->status = StepStatus::kRunning;
      current->started_at = now;
    }
  }
  if (!is_finished(process.status)) return stored;
  for (ProcessStep& step : stored) {
    if (step.status == StepStatus::kRunning) end_step(step, last_status(process.status), now);
    if (step.status == StepStatus::kPending) end_step(step, StepStatus::kSkipped, now);
  }
  return stored;
}

}  // namespace croft
