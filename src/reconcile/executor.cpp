#include "reconcile/executor.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "store/processes.h"

namespace croft {
namespace {

constexpr Millis kPeriod{1000};
constexpr Millis kLogPeriod{300};
// Output of a build comes line by line; one transaction per line would cost an fsync each.
constexpr std::size_t kLogBatch = 200;
// Under these names in the state of a process that failed and is being put right.
constexpr const char* kFailed = "failed";
constexpr const char* kWasCancelled = "was_cancelled";

ProcessError describe(const Error& error, const ProcessRun& run) {
  ProcessError told;
  if (run.failure) told = *run.failure;
  if (told.code.empty()) told.code = to_string(error.code());
  if (told.message.empty()) told.message = error.message();
  if (told.step.empty()) told.step = run.process().step;
  return told;
}

void note_end(const ProcessRun& run, const Status& recorded) {
  const Process& process = run.process();
  if (recorded) {
    log_info("a process ended", {{"process", process.id.str()},
                                 {"request_id", process.request_id},
                                 {"status", enum_to_string(process.status)}});
  } else {
    log_error("cannot finish a process", {{"process", process.id.str()},
                                          {"request_id", process.request_id},
                                          {"error", recorded.error().describe()}});
  }
}

// The store is full or overloaded.
bool will_pass(const Error& error) {
  return error.code() == ErrorCode::kExhausted || error.code() == ErrorCode::kUnavailable;
}

// What is to be run, beside those that run `here` already. Those under way, but not here, come
// first: croftd died, or the store did not work when their next step or their end was to be
// recorded. Then at most `room` whose turn has come.
Result<std::vector<Process>> due_processes(const Tx& tx, const std::set<ProcessId>& here,
                                           int room) {
  auto open = open_processes(tx, Scope::platform());
  if (!open) return fail(std::move(open).error());
  std::vector<Process> due;
  bool any_pending = false;
  for (const OpenProcess& one : *open) {
    any_pending = any_pending || one.pending;
    if (one.pending || here.contains(one.id)) continue;
    auto process = get_process(tx, Scope::platform(), one.id);
    if (!process) return fail(std::move(process).error());
    due.push_back(std::move(*process));
  }
  if (!any_pending) return due;
  auto runnable = next_runnable(tx, Scope::platform(), room);
  if (!runnable) return runnable;
  due.insert(due.end(), runnable->begin(), runnable->end());
  return due;
}

class Registration {
 public:
  Registration(std::map<ProcessId, std::shared_ptr<ProcessRun>>& running,
               const std::shared_ptr<ProcessRun>& run)
      : running_(running), id_(run->process().id) {
    running_[id_] = run;
  }
  Registration(const Registration&) = delete;
  ~Registration() { running_.erase(id_); }

 private:
  std::map<ProcessId, std::shared_ptr<ProcessRun>>& running_;
  ProcessId id_;
};

}  // namespace

ProcessRun::ProcessRun(Store& store, Process process)
    : store_(store), process_(std::move(process)) {
  if (process_.step_state.is_object()) state_ = process_.step_state.as_object();
  cancel_wanted_ = process_.status == ProcessStatus::kCanceling;
}

Task<Status> ProcessRun::save_state() {
  process_.step_state = state_;
  const Process copy = process_;
  auto saved = co_await store_.write(
      [&copy](Tx& tx) { return update_process(tx, Scope::platform(), copy); });
  if (!saved) co_return fail(std::move(saved).error());
  co_return Status{};
}

void ProcessRun::plan_steps(const std::vector<ProcessStepPlan>& steps) {
  process_.steps.clear();
  for (const ProcessStepPlan& step : steps) process_.steps.push_back({.name = step.name});
}

bool ProcessRun::log_is_full() const {
  return logged_ >= kMaxProcessLogLines;
}

void ProcessRun::log(std::string text) {
  // The store keeps no more; what a command prints for ever must not fill our memory meanwhile.
  if (log_is_full()) return;
  ++logged_;
  unsaved_.push_back(std::move(text));
}

Task<void> ProcessRun::flush() {
  while (!unsaved_.empty()) {
    const std::size_t count = std::min(unsaved_.size(), kLogBatch);
    std::vector<ProcessLogLine> lines;
    for (std::size_t i = 0; i < count; ++i) {
      lines.push_back({.step = process_.step, .text = std::move(unsaved_[i])});
    }
    unsaved_.erase(unsaved_.begin(), unsaved_.begin() + static_cast<std::ptrdiff_t>(count));
    const ProcessId id = process_.id;
    auto saved = co_await store_.write(
        [&](Tx& tx) { return append_process_log(tx, Scope::platform(), id, lines); });
    if (!saved) {
      log_warning("process log lines were lost",
                  {{"process", id.str()}, {"error", saved.error().message()}});
      co_return;
    }
  }
}

std::optional<ProcessRun::Failure> ProcessRun::noted_failure() const {
  const boost::json::value* noted = state_.if_contains(kFailed);
  if (noted == nullptr) return std::nullopt;
  const boost::json::value* cancelled = state_.if_contains(kWasCancelled);
  Failure found{.cancelled = cancelled != nullptr && *cancelled == true};
  if (auto error = from_json<ProcessError>(*noted)) found.error = std::move(*error);
  return found;
}

Task<Status> ProcessRun::note_failure(Failure what) {
  state_[kFailed] = to_json(what.error);
  state_[kWasCancelled] = what.cancelled;
  co_return co_await save_state();
}

Task<Status> ProcessRun::begin_step(std::string step, int progress, bool cancellable) {
  process_.status = cancel_wanted_ ? ProcessStatus::kCanceling : ProcessStatus::kRunning;
  process_.step = std::move(step);
  process_.progress = progress;
  process_.cancellable = cancellable;
  co_return co_await save_state();
}

Task<Status> ProcessRun::set_progress(int progress) {
  process_.progress = progress;
  co_return co_await save_state();
}

Task<Status> ProcessRun::finish(ProcessStatus status, boost::json::value result,
                                std::optional<ProcessError> error) {
  co_await flush();
  process_.status = status;
  process_.result = std::move(result);
  process_.error = std::move(error);
  process_.cancellable = false;
  if (status == ProcessStatus::kFinished) process_.progress = 100;
  co_return co_await save_state();
}

Executor::Executor(Runtime& runtime, Store& store, Failpoints& failpoints, int limit)
    : store_(store), failpoints_(failpoints), limit_(limit), group_(runtime), wake_(runtime) {}

void Executor::add(std::unique_ptr<ProcessHandler> handler) {
  const std::string kind = handler->kind();
  check(!handlers_.contains(kind), "two handlers of one process kind");
  handlers_.emplace(kind, std::move(handler));
}

std::vector<std::string> Executor::failpoint_names() const {
  std::vector<std::string> names;
  for (const auto& [kind, handler] : handlers_) {
    std::vector<ProcessHandler::Step> steps = handler->steps();
    steps.push_back({.name = kUndoStep});
    for (const ProcessHandler::Step& step : steps) {
      for (const Moment moment : {Moment::kBefore, Moment::kAfter}) {
        names.push_back(failpoint_name(kind, step.name, moment));
      }
    }
  }
  return names;
}

void Executor::cancel(const ProcessId& process) {
  const auto it = running_.find(process);
  if (it == running_.end()) return;
  it->second->cancel_wanted_ = true;
  if (it->second->cancel_hook) group_.spawn("cancel", it->second->cancel_hook());
}

Task<void> Executor::run() {
  co_await group_.run(start_processes());
}

Task<void> Executor::start_processes() {
  group_.spawn("process logs", flush_logs());
  for (;;) {
    co_await start_runnable();
    co_await wake_.wait_for(kPeriod);
  }
}

Task<void> Executor::flush_logs() {
  for (;;) {
    std::vector<std::shared_ptr<ProcessRun>> runs;
    for (const auto& [id, run] : running_) runs.push_back(run);
    for (const auto& run : runs) co_await run->flush();
    co_await sleep_for(kLogPeriod);
  }
}

Task<void> Executor::start_runnable() {
  const int room = limit_ - static_cast<int>(running_.size());
  if (room <= 0) co_return;
  std::set<ProcessId> here;
  for (const auto& [id, run] : running_) here.insert(id);
  auto next =
      co_await store_.read([room, &here](const Tx& tx) { return due_processes(tx, here, room); });
  if (!next) {
    log_error("cannot read the process queue", {{"error", next.error().describe()}});
    co_return;
  }
  for (Process& process : *next) {
    if (running_.contains(process.id)) continue;
    if (process.status != ProcessStatus::kPending) {
      log_info("going on with a process", {{"process", process.id.str()}, {"step", process.step}});
    }
    group_.spawn("process", drive(std::move(process)));
  }
}

Task<void> Executor::drive(Process process) {
  if (running_.contains(process.id)) co_return;
  const auto shared = std::make_shared<ProcessRun>(store_, std::move(process));
  ProcessRun& run = *shared;
  // A run that is cancelled with croftd unwinds from here and stays "running" in the store: the
  // next croftd goes on with it.
  const Registration registration(running_, shared);
  // The request's own line names the process; every one of these names both.
  log_info("a process runs", {{"process", run.process().id.str()},
                              {"kind", run.process().kind},
                              {"request_id", run.process().request_id}});
  const auto handler = handlers_.find(run.process().kind);
  bool ended = false;
  if (handler == handlers_.end()) {
    const ProcessError error{
        .code = "internal",
        .message = "this croftd does not know processes of kind " + run.process().kind};
    ended = (co_await run.finish(ProcessStatus::kFailed, nullptr, error)).has_value();
  } else {
    ended = co_await drive_steps(*handler->second, run);
  }
  // What the store did not take is tried again at the next look, not at once and for ever.
  if (ended) wake_.notify();
}

Task<bool> Executor::drive_steps(ProcessHandler& handler, ProcessRun& run) {
  const std::vector<ProcessHandler::Step> steps = handler.steps();
  run.plan_steps(steps);
  if (auto failure = run.noted_failure()) {
    co_return co_await put_right(handler, run, std::move(*failure));
  }
  auto at = std::find_if(steps.begin(), steps.end(),
                         [&](const auto& s) { return s.name == run.process().step; });
  if (at == steps.end()) at = steps.begin();
  for (; at != steps.end(); ++at) {
    if (run.cancel_wanted() && at->cancellable) {
      co_return co_await conclude_failure(handler, run, Error(ErrorCode::kCancelled, "cancelled"));
    }
    const auto done_so_far = std::distance(steps.begin(), at);
    const int progress = static_cast<int>(100 * done_so_far / std::ssize(steps));
    const Status begun = co_await run.begin_step(at->name, progress, at->cancellable);
    if (!begun) {
      // Not a failure of the process: it stays where it is until the store works again.
      log_error("cannot record a step", {{"process", run.process().id.str()},
                                         {"request_id", run.process().request_id},
                                         {"step", at->name},
                                         {"error", begun.error().describe()}});
      co_return false;
    }
    const Status status = co_await run_step(handler, at->name, run);
    if (!status) {
      co_return co_await conclude_failure(handler, run, status.error());
    }
  }
  auto result = co_await handler.result(run);
  if (!result) {
    co_return co_await conclude_failure(handler, run, result.error());
  }
  const Status finished =
      co_await run.finish(ProcessStatus::kFinished, std::move(*result), std::nullopt);
  note_end(run, finished);
  co_return finished.has_value();
}

Task<Status> Executor::run_step(ProcessHandler& handler, std::string step, ProcessRun& run) {
  failpoints_.pass(run.process(), step, Moment::kBefore);
  Status status = co_await handler.run(step, run);
  if (status && failpoints_.fails(run.process(), step)) {
    status = fail(ErrorCode::kFailed, "told to fail here, by CROFT_FAILPOINT");
  }
  failpoints_.pass(run.process(), step, Moment::kAfter);
  co_await run.flush();
  co_return status;
}

Task<bool> Executor::conclude_failure(ProcessHandler& handler, ProcessRun& run, Error error) {
  const bool cancelled = run.cancel_wanted() && error.code() == ErrorCode::kCancelled;
  log_info("a process did not succeed", {{"process", run.process().id.str()},
                                         {"request_id", run.process().request_id},
                                         {"kind", run.process().kind},
                                         {"step", run.process().step},
                                         {"error", error.describe()}});
  run.log(cancelled ? "cancelled" : "failed: " + error.message());
  ProcessRun::Failure failure{.cancelled = cancelled, .error = describe(error, run)};
  const Status noted = co_await run.note_failure(failure);
  if (!noted) {
    // As with a step that cannot be recorded: it stays where it is.
    log_error("cannot record a failure", {{"process", run.process().id.str()},
                                          {"request_id", run.process().request_id},
                                          {"error", noted.error().describe()}});
    co_return false;
  }
  co_return co_await put_right(handler, run, std::move(failure));
}

Task<bool> Executor::put_right(ProcessHandler& handler, ProcessRun& run,
                               ProcessRun::Failure failure) {
  co_await run.flush();
  failpoints_.pass(run.process(), kUndoStep, Moment::kBefore);
  const Status undone = co_await handler.undo(run);
  failpoints_.pass(run.process(), kUndoStep, Moment::kAfter);
  if (!undone && undone.error().code() != ErrorCode::kNotFound) {
    log_error("cannot put right what a process did", {{"process", run.process().id.str()},
                                                      {"request_id", run.process().request_id},
                                                      {"error", undone.error().describe()}});
    // The failure is noted: it stays where it is until the store works again.
    if (will_pass(undone.error())) co_return false;
  }
  std::optional<ProcessError> told;
  if (!failure.cancelled) told = std::move(failure.error);
  const Status finished =
      co_await run.finish(failure.cancelled ? ProcessStatus::kCanceled : ProcessStatus::kFailed,
                          nullptr, std::move(told));
  note_end(run, finished);
  co_return finished.has_value();
}

}  // namespace croft
