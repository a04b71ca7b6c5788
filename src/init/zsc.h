// `zsc`, the helper that commands in containers call (names and forms of Zerops' tool).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace croft::init {

struct ExecOnce {
  std::string key;
  bool retry = false;
  bool verbose = false;
  std::vector<std::string> command;
};

// What follows the verb: KEY [--retryUntilSuccessful|-r] [-v] [--] CMD…; options may also stand
// before KEY. kInvalid says what is missing.
Result<ExecOnce> parse_exec_once(const std::vector<std::string>& arguments);

// One word that holds a space is a command line for the shell, everything else is executed as it
// is.
std::vector<std::string> command_argv(const std::vector<std::string>& words);

// Runs `zsc` with the arguments after argv[0]; returns its exit code: the command's, 0, 1 when the
// core cannot be asked, 2 for a wrong command line.
int zsc_main(const std::vector<std::string>& arguments);

}  // namespace croft::init
