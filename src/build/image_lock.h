// One build of an image at a time, over all processes of this machine.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "task/task.h"

namespace croft::build {

// Held until it is destroyed; the file stays.
class ImageLock {
 public:
  // Waits until nobody else holds the lock of `name` in `folder`; calls `waiting` once if it has
  // to. Ends early with kCancelled when the task is cancelled.
  static Task<Result<ImageLock>> take(std::filesystem::path folder, std::string name,
                                      std::function<void()> waiting);

 private:
  explicit ImageLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

}  // namespace croft::build
