#include "cli/prompts.h"

#include <fmt/format.h>

namespace croft::cli {
namespace {

Outcome<void> need_terminal(Session& session, const std::string& question,
                            const std::string& option) {
  if (session.interactive()) return {};
  return stop_usage(fmt::format("{} is needed, and there is nobody to ask", question),
                    fmt::format("give {}", option));
}

tl::unexpected<Failure> input_ended() {
  return stop_usage("standard input ended");
}

}  // namespace

Outcome<std::string> prompt_line(Session& session, const std::string& question,
                                 const std::string& option) {
  CLI_TRY(need_terminal(session, question, option));
  session.io().err(question + ": ");
  auto line = session.io().read_line();
  if (!line) return input_ended();
  return *line;
}

Outcome<Secret> prompt_secret(Session& session, const std::string& question,
                              const std::string& option) {
  CLI_TRY(need_terminal(session, question, option));
  auto line = session.io().read_hidden_line(question + ": ");
  if (!line) return input_ended();
  return Secret(std::move(*line));
}

Outcome<void> confirm_name(Session& session, const Args& args, const std::string& what,
                           const std::string& name) {
  if (args.has("confirm")) {
    if (args.text("confirm") == name) return {};
    return stop_usage(
        fmt::format("--confirm says '{}', but this is {}", args.text("confirm"), name),
        fmt::format("--confirm {}", name));
  }
  if (!session.interactive()) {
    return stop_usage(fmt::format("{} needs to be confirmed", what),
                      fmt::format("add --confirm {}", name));
  }
  session.io().err(fmt::format("{}. Type {} to go on: ", what, name));
  const auto line = session.io().read_line();
  if (line && *line == name) return {};
  return stop({Error(ErrorCode::kCancelled, "not confirmed; nothing was changed"), kExitFailure});
}

}  // namespace croft::cli
