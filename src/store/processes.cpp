#include "store/processes.h"

#include <algorithm>

#include "store/columns.h"
#include "store/events.h"
#include "store/process_steps.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

#define CROFT_PROCESS_COLUMNS                                                                     \
  "id, number, project_id, service_id, kind, status, step, steps, step_state, params, "           \
  "result, error, progress, cancellable, actor, parent_id, created_at, started_at, finished_at, " \
  "project_name, service_name, request_id"
#define CROFT_ACTIVE_STATUSES "('running', 'canceling', 'rollbacking')"
// Word by word the condition of the index processes_open, which is then used: the table has a month
// of processes, and these are looked for every second. Ordered by `number` itself the table would
// be walked after all: hence "+number".
#define CROFT_OPEN_STATUSES "('pending', 'running', 'canceling', 'rollbacking')"

// Of processes that belong to no project.
constexpr const char* kPlatformQueue = "platform";

Process process_at(const SqlRow& row) {
  return {.id = id_at<ProcessId>(row, 0),
          .number = row.integer(1),
          .project_id = id_at<ProjectId>(row, 2),
          .service_id = id_at<ServiceId>(row, 3),
          .project_name = row.text(19),
          .service_name = row.text(20),
          .kind = row.text(4),
          .status = enum_at<ProcessStatus>(row, 5),
          .step = row.text(6),
          .steps = json_at<std::vector<ProcessStep>>(row, 7),
          .step_state = json_at<boost::json::value>(row, 8),
          .params = json_at<boost::json::value>(row, 9),
          .result = json_at<boost::json::value>(row, 10),
          .error = json_at<std::optional<ProcessError>>(row, 11),
          .progress = row.small(12),
          .cancellable = row.flag(13),
          .actor = id_at<UserId>(row, 14),
          .parent_id = id_at<ProcessId>(row, 15),
          .request_id = row.text(21),
          .created_at = time_at(row, 16),
          .started_at = optional_time_at(row, 17),
          .finished_at = optional_time_at(row, 18)};
}

tl::unexpected<Error> no_process(const ProcessId& id) {
  return fail(ErrorCode::kNotFound,
              fmt::format("process {}: there is no such process; `croft process list` shows those "
                          "of the project",
                          id.str()));
}

tl::unexpected<Error> already_over(const Process& process) {
  return fail(ErrorCode::kConflict,
              fmt::format("process {} ({}): it has already ended as {}", process.id.str(),
                          process.kind, enum_to_string(process.status)));
}

struct Place {
  std::string project_name;
  std::string service_name;
};

// Where it belongs must exist and be visible.
Result<Place> find_place(const Tx& tx, const Scope& scope, const NewProcess& wanted) {
  if (wanted.project_id.empty()) {
    if (scope.is_platform() && wanted.service_id.empty()) return Place{};
    return fail(ErrorCode::kForbidden, "only croft itself starts processes of the platform");
  }
  auto project = get_project(tx, scope, wanted.project_id);
  if (!project) return fail(std::move(project).error());
  if (wanted.service_id.empty()) return Place{std::move(project->name), ""};
  auto service = get_service(tx, scope, wanted.service_id);
  if (!service) return fail(std::move(service).error());
  check(service->project_id == wanted.project_id, "a process's service is of its project");
  return Place{std::move(project->name), std::move(service->hostname)};
}

std::string queue_of(const NewProcess& wanted) {
  if (!wanted.service_id.empty()) return wanted.service_id.str();
  return wanted.project_id.empty() ? kPlatformQueue : wanted.project_id.str();
}

// What its events say.
boost::json::value facts(const Process& process) {
  return {{"process_id", process.id.str()}, {"service_id", process.service_id.str()},
          {"kind", process.kind},           {"status", enum_to_string(process.status)},
          {"step", process.step},           {"progress", process.progress}};
}

Result<std::int64_t> last_log_seq(const Tx& tx, const ProcessId& id) {
  const auto row = tx.query_one("SELECT last_log_seq FROM processes WHERE id = ?1", {column(id)});
  if (!row) return fail(row.error());
  return (*row)->integer(0);
}

}  // namespace

Result<Process> create_process(Tx& tx, const Scope& scope, const NewProcess& wanted) {
  const auto place = find_place(tx, scope, wanted);
  if (!place) return fail(place.error());
  const ProcessId id = ProcessId::generate(tx.random());
  CROFT_TRY(tx.execute(
      "INSERT INTO processes (id, project_id, service_id, queue, kind, status, step, steps, "
      "step_state, params, result, error, progress, cancellable, actor, parent_id, created_at, "
      "project_name, service_name, request_id) "
      "VALUES (?1,?2,?3,?4,?5,?6,'','[]','null',?7,'null','null',0,1,?8,?9,?10,?11,?12,?13)",
      {column(id), column(wanted.project_id), column(wanted.service_id), queue_of(wanted),
       column(wanted.kind), column(ProcessStatus::kPending), json_column(wanted.params),
       column(wanted.actor), column(wanted.parent_id), column(tx.now()),
       column(place->project_name), column(place->service_name), column(wanted.request_id)}));
  auto made = get_process(tx, scope, id);
  if (!made) return made;
  CROFT_TRY(append_event(tx, scope, made->project_id, "process.created", facts(*made)));
  return made;
}

Result<Process> get_process(const Tx& tx, const Scope& scope, const ProcessId& id) {
  const auto row =
      tx.query_one("SELECT " CROFT_PROCESS_COLUMNS " FROM processes WHERE id = ?1", {column(id)});
  if (!row) return fail(row.error());
  if (*row) {
    Process process = process_at(**row);
    if (scope.sees(process.project_id)) return process;
  }
  return no_process(id);
}

Result<Paged<Process>> list_processes(const Tx& tx, const Scope& scope, const ProcessFilter& filter,
                                      const Page& page) {
  const auto after = page_number(page);
  if (!after) return fail(after.error());
  const int limit = page_limit(page);
  SelectQuery query("SELECT " CROFT_PROCESS_COLUMNS " FROM processes WHERE 1 = 1");
  query.in_scope(scope, "project_id");
  if (!filter.project_id.empty()) query.where("project_id = ?", column(filter.project_id));
  if (!filter.service_id.empty()) query.where("service_id = ?", column(filter.service_id));
  if (!filter.statuses.empty()) {
    std::vector<SqlValue> statuses;
    for (const ProcessStatus status : filter.statuses) statuses.push_back(column(status));
    query.where_any_of("status", statuses);
  }
  if (*after > 0) query.where("number < ?", *after);
  return page_of(query.then("ORDER BY number DESC").limit(limit + 1).run(tx), process_at, limit,
                 [](const Process& p) { return std::to_string(p.number); });
}

Result<std::vector<Process>> child_processes(const Tx& tx, const Scope& scope,
                                             const ProcessId& parent) {
  return all_rows(
      SelectQuery("SELECT " CROFT_PROCESS_COLUMNS " FROM processes WHERE parent_id <> ''")
          .in_scope(scope, "project_id")
          .where("parent_id = ?", column(parent))
          .then("ORDER BY number")
          .run(tx),
      process_at);
}

// A parent that waits for its child does not hold it up, and neither does what is queued behind
// that parent: each would wait for the other for ever.
Result<std::vector<Process>> next_runnable(const Tx& tx, const Scope& scope, int limit) {
  constexpr const char* kTurnHasCome =
      "SELECT " CROFT_PROCESS_COLUMNS " FROM processes AS p WHERE p.status IN " CROFT_OPEN_STATUSES
      " AND p.status = 'pending' AND NOT EXISTS ("
      "SELECT 1 FROM processes AS q WHERE q.status IN " CROFT_OPEN_STATUSES
      " AND q.queue = p.queue AND q.id <> p.id AND q.id <> p.parent_id "
      "AND (q.status <> 'pending' OR (q.number < p.number AND (q.parent_id = p.parent_id "
      "OR NOT EXISTS (SELECT 1 FROM processes AS r WHERE r.id = p.parent_id "
      "AND r.queue = p.queue AND r.status IN " CROFT_ACTIVE_STATUSES ")))))";
  return all_rows(SelectQuery(kTurnHasCome)
                      .in_scope(scope, "p.project_id")
                      .then("ORDER BY +p.number")
                      .limit(limit)
                      .run(tx),
                  process_at);
}

Result<std::vector<Process>> active_processes(const Tx& tx, const Scope& scope) {
  return all_rows(
      SelectQuery("SELECT " CROFT_PROCESS_COLUMNS
                  " FROM processes WHERE status IN " CROFT_OPEN_STATUSES " AND status <> 'pending'")
          .in_scope(scope, "project_id")
          .then("ORDER BY +number")
          .run(tx),
      process_at);
}

Result<std::vector<OpenProcess>> open_processes(const Tx& tx, const Scope& scope) {
  return all_rows(
      SelectQuery("SELECT id, status FROM processes WHERE status IN " CROFT_OPEN_STATUSES)
          .in_scope(scope, "project_id")
          .then("ORDER BY +number")
          .run(tx),
      +[](const SqlRow& row) {
        return OpenProcess{.id = id_at<ProcessId>(row, 0),
                           .pending = enum_at<ProcessStatus>(row, 1) == ProcessStatus::kPending};
      });
}

Result<Process> update_process(Tx& tx, const Scope& scope, const Process& process) {
  const auto stored = get_process(tx, scope, process.id);
  if (!stored) return fail(stored.error());
  if (is_finished(stored->status)) return already_over(*stored);
  const bool keep_canceling =
      stored->status == ProcessStatus::kCanceling && process.status == ProcessStatus::kRunning;
  const ProcessStatus status = keep_canceling ? stored->status : process.status;
  auto started = stored->started_at;
  if (!started && status != ProcessStatus::kPending) started = tx.now();
  std::optional<Timestamp> finished;
  if (is_finished(status)) finished = tx.now();
  Process updated = *stored;
  updated.status = status;
  updated.step = process.step;
  updated.step_state = process.step_state;
  updated.result = process.result;
  updated.error = process.error;
  updated.progress = process.progress;
  updated.cancellable = process.cancellable;
  updated.started_at = started;
  updated.finished_at = finished;
  updated.steps = process.steps;
  updated.steps = steps_after(stored->steps, updated, tx.now());
  CROFT_TRY(tx.execute(
      "UPDATE processes SET status = ?2, step = ?3, step_state = ?4, result = ?5, error = ?6, "
      "progress = ?7, cancellable = ?8, started_at = ?9, finished_at = ?10, steps = ?11 "
      "WHERE id = ?1",
      {column(updated.id), column(updated.status), column(updated.step),
       json_column(updated.step_state), json_column(updated.result), json_column(updated.error),
       column(updated.progress), column(updated.cancellable), column(updated.started_at),
       column(updated.finished_at), json_column(updated.steps)}));
  CROFT_TRY(append_event(tx, scope, updated.project_id, "process.changed", facts(updated)));
  return updated;
}

Result<Process> request_cancel(Tx& tx, const Scope& scope, const ProcessId& id) {
  const auto process = get_process(tx, scope, id);
  if (!process) return fail(process.error());
  if (is_finished(process->status)) return already_over(*process);
  if (process->status == ProcessStatus::kCanceling) return process;
  if (!process->cancellable || process->status == ProcessStatus::kRollbacking) {
    return fail(ErrorCode::kConflict,
                fmt::format("process {} ({}): it is past the point where it can be cancelled; wait "
                            "for its end",
                            id.str(), process->kind));
  }
  Process changed = *process;
  changed.status = process->status == ProcessStatus::kPending ? ProcessStatus::kCanceled
                                                              : ProcessStatus::kCanceling;
  return update_process(tx, scope, changed);
}

Status append_process_log(Tx& tx, const Scope& scope, const ProcessId& id,
                          const std::vector<ProcessLogLine>& lines) {
  CROFT_TRY(get_process(tx, scope, id));
  const auto last = last_log_seq(tx, id);
  if (!last) return fail(last.error());
  std::int64_t seq = *last;
  for (const ProcessLogLine& line : lines) {
    if (seq >= kMaxProcessLogLines) break;
    ++seq;
    const bool full = seq == kMaxProcessLogLines;
    CROFT_TRY(tx.execute(
        "INSERT INTO process_log (process_id, seq, at, step, text) VALUES (?1,?2,?3,?4,?5)",
        {column(id), column(seq), column(line.at.ms == 0 ? tx.now() : line.at), column(line.step),
         full ? column("(further output is not kept)") : column(line.text)}));
  }
  CROFT_TRY(tx.execute("UPDATE processes SET last_log_seq = ?2 WHERE id = ?1",
                       {column(id), column(seq)}));
  return {};
}

Result<std::vector<ProcessLogLine>> process_log(const Tx& tx, const Scope& scope,
                                                const ProcessId& id, std::int64_t after_seq,
                                                int limit) {
  CROFT_TRY(get_process(tx, scope, id));
  return all_rows(
      tx.query("SELECT seq, at, step, text FROM process_log "
               "WHERE process_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
               {column(id), column(after_seq), column(std::clamp(limit, 1, 1000))}),
      +[](const SqlRow& row) {
        return ProcessLogLine{
            .seq = row.integer(0), .at = time_at(row, 1), .step = row.text(2), .text = row.text(3)};
      });
}

Result<std::int64_t> process_log_end(const Tx& tx, const Scope& scope, const ProcessId& id) {
  CROFT_TRY(get_process(tx, scope, id));
  return last_log_seq(tx, id);
}

Result<std::int64_t> prune_processes(Tx& tx, const Scope& scope, Timestamp before) {
  if (!scope.is_platform()) return fail(ErrorCode::kForbidden, "only croft itself cleans up");
  return tx.execute("DELETE FROM processes WHERE finished_at IS NOT NULL AND finished_at < ?1",
                    {column(before)});
}

}  // namespace croft
