// Questions, asked only when somebody can answer. Otherwise: exit 2 naming the option.
#pragma once

#include <string>

#include "base/secret.h"
#include "cli/session.h"

namespace croft::cli {

// A line of text. `option` is what to give instead ("--user NAME").
Outcome<std::string> prompt_line(Session& session, const std::string& question,
                                 const std::string& option);
// The same without echo.
Outcome<Secret> prompt_secret(Session& session, const std::string& question,
                              const std::string& option);
// What destroys asks for the name: --confirm must be `name`, or it is typed.
Outcome<void> confirm_name(Session& session, const Args& args, const std::string& what,
                           const std::string& name);

}  // namespace croft::cli
