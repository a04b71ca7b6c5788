// completion, and what its scripts call
#include "cli/completion.h"

#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "spec/suggest.h"

namespace croft::cli {
namespace {

Outcome<void> run_completion(Session& session, const Args& args) {
  const std::string shell = args.text("shell");
  const std::string script = completion_script(shell);
  if (script.empty()) {
    return stop_usage(fmt::format("no completion for '{}'", shell), "bash, zsh or fish");
  }
  session.out().text(script);
  return {};
}

Outcome<void> run_complete(Session& session, const Args& args) {
  for (const std::string& candidate : complete(session, args.list("words"))) {
    session.out().line(candidate);
  }
  return {};
}

constexpr ArgSpec kShellArg[] = {
    {.name = "SHELL", .help = "bash, zsh or fish", .completes = Completes::kShell}};
constexpr ArgSpec kWordsArg[] = {
    {.name = "WORDS", .help = "typed so far", .required = false, .repeated = true}};

constexpr Command kCommands[] = {
    {.name = "completion",
     .summary = "Print the completion script for a shell",
     .args = kShellArg,
     .examples = "eval \"$(croft completion bash)\"\ncroft completion fish | source",
     .run = run_completion},
    // Without a summary: not shown in help.
    {.name = "__complete", .args = kWordsArg, .run = run_complete},
};

}  // namespace

std::span<const Command> completion_commands() {
  return kCommands;
}

}  // namespace croft::cli
