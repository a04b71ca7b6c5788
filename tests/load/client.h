// A whole run: all streams, then the summary.
#pragma once

#include <string>

#include "stream_spec.h"
#include "task/task.h"

namespace croft::load {

struct RunResult {
  std::string json;
  bool all_ok = false;
};

class Client {
 public:
  Client(Runtime& runtime, LoadOptions options);

  // kInvalid when the CA file cannot be read.
  Task<Result<RunResult>> run();
  // Nothing new starts; what is under way ends within its time.
  void stop();

 private:
  Runtime& runtime_;
  LoadOptions options_;
  bool stopped_ = false;
  bool* on_stop_ = nullptr;
};

}  // namespace croft::load
