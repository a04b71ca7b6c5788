// croft-init as a program: what main() calls.
#pragma once

#include "init/options.h"

namespace croft::init {

// Exit code when the configuration is missing or wrong (EX_CONFIG of sysexits.h).
inline constexpr int kExitConfig = 78;

// Runs the container to its end and returns its exit code.
int supervise(const Options& options);

// Replaces this process by the command; returns only on failure: kExitConfig, 126 or 127.
int exec_command(const Options& options);

}  // namespace croft::init
