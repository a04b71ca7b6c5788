// Keeps one program running: PID 1 of the edge's container.
//
// When Caddy ends without being told to, the swarm would make a new container, which takes it two
// seconds of refused connections; here Caddy is back as soon as it can listen. Standard library
// only, and linked statically: this file changes rarely, so that a new croft does not make a new
// image of the edge, whose move to it would cut connections.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace croft {

struct KeepLimits {
  // A program that ends this often, each time sooner after its start than `soon`, is not started
  // again: the engine makes a new container then, and tells of it.
  int early_ends = 5;
  std::chrono::milliseconds soon{1000};
  // Before each start after such an end.
  std::chrono::milliseconds pause{100};
};

// Runs `argv` (not empty) until it was told to stop by SIGTERM, SIGINT or SIGQUIT, which are passed
// on like SIGHUP, SIGUSR1 and SIGUSR2. Reaps orphans. Blocks these signals in this thread. Returns
// the exit code of the last run, 128 + the signal that ended it; 127 when it cannot be started.
//
// `helper` runs beside it in a process of its own, and again whenever that ends, without limit:
// limits.pause later when it was soon after its start.
int keep(std::vector<std::string> argv, const KeepLimits& limits,
         const std::function<void()>& helper = {});

}  // namespace croft
