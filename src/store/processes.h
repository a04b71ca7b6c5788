// Processes: the durable queue of long operations, and their logs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/process.h"
#include "store/tx.h"

namespace croft {

struct NewProcess {
  ProjectId project_id;  // empty: of the platform (platform scope only)
  ServiceId service_id;  // empty: of the project
  std::string kind;
  boost::json::value params;
  UserId actor;
  ProcessId parent_id;
  std::string request_id;
};

// Pending, at the end of its queue. Like update_process() it appends an event, so that the store's
// listener (the executor) hears of it after the commit.
Result<Process> create_process(Tx& tx, const Scope& scope, const NewProcess& wanted);
Result<Process> get_process(const Tx& tx, const Scope& scope, const ProcessId& id);

struct ProcessFilter {
  ProjectId project_id;                 // empty: all in the scope
  ServiceId service_id;                 // empty: all of the project
  std::vector<ProcessStatus> statuses;  // empty: all
};
// Newest first; `after` is a number.
Result<Paged<Process>> list_processes(const Tx& tx, const Scope& scope, const ProcessFilter& filter,
                                      const Page& page);
// Oldest first.
Result<std::vector<Process>> child_processes(const Tx& tx, const Scope& scope,
                                             const ProcessId& parent);

// Pending ones whose turn it is, oldest first: of each queue (the service, or the project for
// processes without a service) only the first, and only while none of that queue is running. A
// child is not held up by its active parent, nor by what waits behind that parent.
Result<std::vector<Process>> next_runnable(const Tx& tx, const Scope& scope, int limit);
// Running, canceling or rollbacking, oldest first: what a restarted croftd goes on with.
Result<std::vector<Process>> active_processes(const Tx& tx, const Scope& scope);
struct OpenProcess {
  ProcessId id;
  bool pending = true;  // otherwise active
};
// Those that are not over, oldest first: for who asks every second whether there is anything to do.
Result<std::vector<OpenProcess>> open_processes(const Tx& tx, const Scope& scope);

// Writes status, step, step_state (and from these the list of steps; names in process.steps that it
// lacks are added as pending), result, error, progress and cancellable, and sets started_at and
// finished_at from the status. kConflict: it has already finished. A request to cancel that came
// meanwhile stays: kRunning does not replace kCanceling, and the returned process says so.
Result<Process> update_process(Tx& tx, const Scope& scope, const Process& process);
// Pending: canceled at once. Running: canceling, and the executor stops it. kConflict: finished, or
// past the point where it can be cancelled.
Result<Process> request_cancel(Tx& tx, const Scope& scope, const ProcessId& id);

inline constexpr int kMaxProcessLogLines = 20'000;  // of one process
// Appends; lines get their seq and, when `at` is zero, the transaction's time. Drops what goes
// beyond kMaxProcessLogLines after one line that says so.
Status append_process_log(Tx& tx, const Scope& scope, const ProcessId& id,
                          const std::vector<ProcessLogLine>& lines);
// With seq > after_seq, oldest first, at most `limit` (1..1000).
Result<std::vector<ProcessLogLine>> process_log(const Tx& tx, const Scope& scope,
                                                const ProcessId& id, std::int64_t after_seq,
                                                int limit);
// seq of the last line; 0: there is none.
Result<std::int64_t> process_log_end(const Tx& tx, const Scope& scope, const ProcessId& id);
// Finished before `before`, with their logs; how many.
Result<std::int64_t> prune_processes(Tx& tx, const Scope& scope, Timestamp before);

}  // namespace croft
