// From the words of a command line to a command with its arguments.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/session.h"

namespace croft::cli {

struct Invocation {
  enum class What : unsigned char { kRun, kHelp, kVersion };
  What what = What::kRun;
  const Command* command = nullptr;  // of kRun
  std::string topic;                 // of kHelp: the words of a command or group; empty: all
  GlobalOptions options;
  Args args;
};

// `words` without the program's name. Usage failures name the word and the nearest known one.
Outcome<Invocation> parse_command_line(const std::vector<std::string>& words);

// Whether --json is among `words`: a failure to parse them is told in that form, too.
bool wants_json(const std::vector<std::string>& words);

}  // namespace croft::cli
