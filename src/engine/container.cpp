#include "engine/container.h"

namespace croft::engine {

std::string_view to_string(TaskState state) {
  switch (state) {
    case TaskState::kNew:
      return "new";
    case TaskState::kPending:
      return "pending";
    case TaskState::kAssigned:
      return "assigned";
    case TaskState::kAccepted:
      return "accepted";
    case TaskState::kPreparing:
      return "preparing";
    case TaskState::kReady:
      return "ready";
    case TaskState::kStarting:
      return "starting";
    case TaskState::kRunning:
      return "running";
    case TaskState::kComplete:
      return "complete";
    case TaskState::kShutdown:
      return "shutdown";
    case TaskState::kFailed:
      return "failed";
    case TaskState::kRejected:
      return "rejected";
    case TaskState::kRemove:
      return "remove";
    case TaskState::kOrphaned:
      return "orphaned";
  }
  return "orphaned";
}

bool is_final(TaskState state) {
  return state >= TaskState::kComplete;
}

}  // namespace croft::engine
