// A process: one long operation as a durable state machine (docs/architecture.md, "Control plane").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json_codec.h"
#include "model/ids.h"

namespace croft {

// Zerops' process.status in lower snake case (A1).
BOOST_DEFINE_ENUM_CLASS(ProcessStatus, kPending, kRunning, kFinished, kFailed, kCanceling,
                        kCanceled, kRollbacking)

BOOST_DEFINE_ENUM_CLASS(StepStatus, kPending, kRunning, kFinished, kFailed, kSkipped)

struct ProcessStep {
  std::string name;
  StepStatus status = StepStatus::kPending;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
};
BOOST_DESCRIBE_STRUCT(ProcessStep, (), (name, status, started_at, finished_at))

// Why a process failed, for people and for programs.
struct ProcessError {
  std::string code;     // to_string(ErrorCode)
  std::string message;  // names the object and what can be done
  std::string step;     // in which it failed, down to "initCommands[0]"
  std::string command;  // that failed; empty: none did
  std::optional<int> exit_code;
  std::vector<std::string> last_lines;  // at most 20, of what the failed command said
};
BOOST_DESCRIBE_STRUCT(ProcessError, (), (code, message, step, command, exit_code, last_lines))

struct Process {
  ProcessId id;
  std::int64_t number = 0;  // platform-wide, ascending: the order of creation
  ProjectId project_id;     // empty: of the platform
  ServiceId service_id;     // empty: of the project
  // Kept with the process, which outlives them; empty where the ids are.
  std::string project_name;
  std::string service_name;  // hostname
  std::string kind;          // "deploy", "service.restart", "project.import"…
  ProcessStatus status = ProcessStatus::kPending;
  std::string step;                   // empty before the first
  std::vector<ProcessStep> steps;     // kept by store/processes.h from `step` and `status`
  boost::json::value step_state;      // what the step needs to go on after a crash
  boost::json::value params;          // never holds a secret
  boost::json::value result;          // null until it has finished
  std::optional<ProcessError> error;  // when failed
  int progress = 0;                   // 0..100
  bool cancellable = true;            // now; the executor turns it off past that point
  UserId actor;                       // who started it; empty: croft itself
  ProcessId parent_id;                // empty: none
  std::string request_id;             // of the API, that started it or its parent; empty: none
  Timestamp created_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
};
BOOST_DESCRIBE_STRUCT(Process, (),
                      (id, number, project_id, service_id, project_name, service_name, kind, status,
                       step, steps, step_state, params, result, error, progress, cancellable, actor,
                       parent_id, request_id, created_at, started_at, finished_at))

struct ProcessLogLine {
  std::int64_t seq = 0;  // 1, 2, 3… within the process
  Timestamp at;
  std::string step;
  std::string text;  // one line, without its end
};
BOOST_DESCRIBE_STRUCT(ProcessLogLine, (), (seq, at, step, text))

inline bool is_finished(ProcessStatus s) {
  return s == ProcessStatus::kFinished || s == ProcessStatus::kFailed ||
         s == ProcessStatus::kCanceled;
}

}  // namespace croft
