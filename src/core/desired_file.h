// The state directory's desired.json, watched.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "model/core_state.h"
#include "task/signal.h"
#include "task/task.h"

namespace croft {

class DesiredFile {
 public:
  // `changed` outlives it and is notified when something in `directory` was replaced. inotify may
  // be out of watches: poll() finds a change without it, so call that once a second too.
  DesiredFile(Runtime& runtime, Signal& changed, std::filesystem::path directory);
  DesiredFile(const DesiredFile&) = delete;
  ~DesiredFile();

  // The state when the file changed since the last call and holds a newer generation than the last
  // one returned; nullopt when nothing is new. kNotFound when there is no file yet; kInvalid when
  // it cannot be understood (said once per change).
  Result<std::optional<CoreDesired>> poll();

  // Waits for inotify until stop().
  Task<void> run();
  void stop();

 private:
  struct Watch;
  Runtime& runtime_;
  Signal& changed_;
  std::filesystem::path directory_;
  std::string seen_;  // inode, size and time of the file last read
  std::int64_t generation_ = -1;
  std::shared_ptr<Watch> watch_;
};

}  // namespace croft
