#include "cli/program.h"

#include <fmt/format.h>

#include "cli/help.h"
#include "cli/parser.h"
#include "cli/session.h"

namespace croft::cli {

int run_program_line(Io& io, const std::vector<std::string>& words) {
  auto invocation = parse_command_line(words);
  if (!invocation) {
    Output(io, wants_json(words), false).failure(invocation.error());
    return invocation.error().exit;
  }
  if (invocation->what == Invocation::What::kVersion) {
    io.out(fmt::format("croft {}\n", kVersion));
    return kExitOk;
  }
  if (invocation->what == Invocation::What::kHelp) {
    io.out(help_text(invocation->topic));
    return kExitOk;
  }
  Session session(io, invocation->options);
  const auto done = invocation->command->run(session, invocation->args);
  if (done) return kExitOk;
  session.out().failure(done.error());
  return done.error().exit;
}

}  // namespace croft::cli
