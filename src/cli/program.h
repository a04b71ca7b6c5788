// The program as a function: what main() calls, and tests too.
#pragma once

#include <string>
#include <vector>

#include "cli/io.h"

namespace croft::cli {

// Runs one command line (`words` without the program's name) and returns its exit code.
int run_program_line(Io& io, const std::vector<std::string>& words);

}  // namespace croft::cli
