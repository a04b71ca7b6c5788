// What the containers of a fake engine do, scripted by whoever runs it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/container.h"
#include "engine/streams.h"

namespace croft::engine {

// One run of a container's process.
struct FakeProcess {
  Millis start_delay{0};              // on top of the engine's own time
  std::string start_error;            // not empty: it cannot start, with this message
  std::optional<Millis> exits_after;  // nullopt: it runs until a signal
  int exit_code = 0;                  // when it exits by itself
  bool out_of_memory = false;         // when it exits by itself: killed for its memory, code 137
  bool ignores_stop = false;          // only SIGKILL ends it
  Millis stop_delay{0};               // between the stop signal and its end
  int stop_exit_code = 0;
  std::vector<Output> output;  // written at its start, one log frame per line
};

struct FakeExec {
  std::vector<Output> output;
  int exit_code = 0;
  bool echoes_input = false;  // runs until its input is closed, and writes back what comes
};

// Both get the settings of the container with what its image adds.
struct FakeBehaviour {
  std::function<FakeProcess(const ContainerSettings&)> process;
  std::function<FakeExec(const ContainerSettings&, const ExecSpec&)> exec;
};

}  // namespace croft::engine
