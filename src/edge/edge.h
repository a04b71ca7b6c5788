// The Edge port: one L7 balancer whose configuration is replaced as a whole.
#pragma once

#include <string>

#include "base/result.h"
#include "task/task.h"

namespace croft {

class Edge {
 public:
  virtual ~Edge() = default;

  // Makes `config` (from render_edge_config) what it works by; returns when it does. Open
  // connections go on. The same one again changes nothing. kInvalid when it is refused, with the
  // reason: then the one before is still in force. kUnavailable when nothing answers, kTimeout
  // after `limit`; then either may be in force: ask current().
  virtual Task<Status> apply(std::string config, Millis limit) = 0;

  // What it works by, as JSON, to compare with same_edge_config(); empty when it has none yet.
  // kUnavailable when nothing answers (it is starting, or it is down).
  virtual Task<Result<std::string>> current(Millis limit) = 0;
};

}  // namespace croft
