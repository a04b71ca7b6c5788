// Runs durable processes: steps in order, each recorded before it starts and after it ends. A
// killed croftd goes on with the step it was in, so every step looks first at what is there
// already.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/process.h"
#include "reconcile/failpoints.h"
#include "store/store.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft {

struct ProcessStepPlan {
  std::string name;
  bool cancellable = true;  // a wish to cancel is obeyed before and during it
};

// What a step may use of its process. One per run of a process; lives as long as the run.
class ProcessRun {
 public:
  ProcessRun(Store& store, Process process);

  const Process& process() const { return process_; }
  const boost::json::object& params() const { return process_.params.as_object(); }
  // Kept in the row; what a step must find again after a crash.
  boost::json::object& state() { return state_; }
  Task<Status> save_state();

  // One line of the process log, shown live. Lines are stored in batches; flush() before a step
  // ends. Beyond kMaxProcessLogLines they are dropped.
  void log(std::string text);
  bool log_is_full() const;
  Task<void> flush();
  std::size_t waiting_lines() const { return unsaved_.size(); }

  // Set while somebody wants it cancelled; long steps look at it, the executor does between steps.
  bool cancel_wanted() const { return cancel_wanted_; }
  // Started once when that happens; for steps that wait for something they can end. The step clears
  // it before it ends.
  std::function<Task<void>()> cancel_hook;

  // For the executor. A failure is kept before anything is undone: a croftd that dies meanwhile
  // goes on with undoing, it does not try the step again.
  struct Failure {
    bool cancelled = false;
    ProcessError error;
  };
  std::optional<Failure> noted_failure() const;
  Task<Status> note_failure(Failure what);
  // plan_steps: told with the next save, so that what is to come can be shown.
  void plan_steps(const std::vector<ProcessStepPlan>& steps);
  Task<Status> begin_step(std::string step, int progress, bool cancellable);
  Task<Status> set_progress(int progress);
  Task<Status> finish(ProcessStatus status, boost::json::value result,
                      std::optional<ProcessError> error);

  // Details of the failure of the current step, beside its Error: set by the step that knows them.
  std::optional<ProcessError> failure;

 private:
  friend class Executor;
  Store& store_;
  Process process_;
  boost::json::object state_;
  std::vector<std::string> unsaved_;
  int logged_ = 0;  // lines
  bool cancel_wanted_ = false;
};

// A kind of process. Handlers have no state of their own.
class ProcessHandler {
 public:
  using Step = ProcessStepPlan;
  virtual ~ProcessHandler() = default;
  virtual std::string kind() const = 0;
  // In order. A step that has nothing to do returns at once.
  virtual std::vector<Step> steps() const = 0;
  virtual Task<Status> run(std::string step, ProcessRun& run) = 0;
  // Puts right what the steps so far did, after a failure or a cancellation; idempotent too. Where
  // the store does not take it now (kExhausted, kUnavailable) it is tried again later.
  virtual Task<Status> undo(ProcessRun& run) = 0;
  // Of a process whose last step has ended.
  virtual Task<Result<boost::json::value>> result(ProcessRun& run) = 0;
};

class Executor {
 public:
  // At most `limit` processes run at once; those of one service one after the other. `failpoints`
  // outlives it.
  Executor(Runtime& runtime, Store& store, Failpoints& failpoints, int limit);

  void add(std::unique_ptr<ProcessHandler> handler);
  // The name of every point that a process of any kind added so far passes.
  std::vector<std::string> failpoint_names() const;
  // Looks for runnable processes now; also called by itself every second.
  void wake() { wake_.notify(); }
  // The process is to be cancelled (its row says so already).
  void cancel(const ProcessId& process);

  // Runs until its task is cancelled. Processes that were under way when the program died come
  // first.
  Task<void> run();

 private:
  Task<void> start_processes();
  Task<void> start_runnable();
  Task<void> flush_logs();
  Task<void> drive(Process process);
  // These say whether the end of the process is recorded; otherwise it stays where it is.
  Task<bool> drive_steps(ProcessHandler& handler, ProcessRun& run);
  Task<Status> run_step(ProcessHandler& handler, std::string step, ProcessRun& run);
  Task<bool> conclude_failure(ProcessHandler& handler, ProcessRun& run, Error error);
  Task<bool> put_right(ProcessHandler& handler, ProcessRun& run, ProcessRun::Failure failure);

  Store& store_;
  Failpoints& failpoints_;
  int limit_;
  std::map<std::string, std::unique_ptr<ProcessHandler>> handlers_;
  std::map<ProcessId, std::shared_ptr<ProcessRun>> running_;
  Group group_;
  Signal wake_;
};

}  // namespace croft
