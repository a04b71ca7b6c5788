// Steps of a process that end early when somebody wants it cancelled.
#pragma once

#include <functional>
#include <string>

#include "reconcile/executor.h"

namespace croft {

// Sets the run's cancel_hook, and forgets it when the step ends, however it ends.
class CancelHook {
 public:
  CancelHook(ProcessRun& run, std::function<Task<void>()> hook) : run_(run) {
    run_.cancel_hook = std::move(hook);
  }
  CancelHook(const CancelHook&) = delete;
  ~CancelHook() { run_.cancel_hook = nullptr; }

 private:
  ProcessRun& run_;
};

// Runs `work` as a task of its own; the wish to cancel cancels that. Ends when `work` has: its
// result goes where it was told to put it.
Task<void> run_cancellable(Runtime& runtime, ProcessRun& run, std::string name, Task<void> work);

}  // namespace croft
