// Shell completion: the scripts ask the program, so that they never grow old.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/session.h"

namespace croft::cli {

// The script for bash, zsh or fish; empty for any other name.
std::string completion_script(std::string_view shell);

// What may stand in the place of the last of `words` (which may be empty text): commands, options
// of the command, and names the server knows. Never fails: no server means fewer suggestions.
std::vector<std::string> complete(Session& session, const std::vector<std::string>& words);

}  // namespace croft::cli
