// One attempt of a probe: HTTP, TCP connect, or a command in the container.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "init/child.h"
#include "model/init_config.h"

namespace croft::init {

struct ProbeResult {
  bool ok = false;
  std::string detail;  // for people: "GET / on port 3000 answered 503"
};

// Destroying it ends the attempt, a command is killed.
class ProbeAttempt {
 public:
  using Done = std::function<void(const ProbeResult&)>;
  virtual ~ProbeAttempt() = default;

  // Starts the attempt that `probe` describes. `done` is called once, from the loop, at the latest
  // after attempt_timeout_s; it may destroy the attempt.
  // HTTP is good for 2xx, and for 3xx: a redirect to this container is followed (5 at most), one
  // that leads elsewhere shows that the application answers. Loopback is tried as 127.0.0.1, then
  // as ::1.
  static std::unique_ptr<ProbeAttempt> start(ChildContext& context, const Probe& probe,
                                             const std::string& workdir, Done done);
};

}  // namespace croft::init
