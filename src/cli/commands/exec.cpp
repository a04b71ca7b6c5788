// exec
#include <fmt/format.h>
#include <sys/ioctl.h>

#include "cli/commands/commands.h"
#include "cli/exec_session.h"

namespace croft::cli {
namespace {

void add_terminal_size(Session& session, Query& query) {
  winsize size{};
  if (::ioctl(session.io().in_fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return;
  query.add("rows", std::to_string(size.ws_row)).add("cols", std::to_string(size.ws_col));
}

Outcome<void> run_exec(Session& session, const Args& args) {
  CLI_LET(name, session.service_name(args.text("service")));
  const bool terminal = session.io().in_is_terminal && session.io().out_is_terminal;
  if (args.has("tty") && !terminal) {
    return stop_usage("--tty needs a terminal", "leave it out: input and output are passed on");
  }
  CLI_TRY(session.service(name));
  ExecOptions options;
  options.tty = terminal && !args.has("no-tty");
  options.input = !args.has("no-stdin");
  Query query;
  for (const std::string& word : args.list("cmd")) query.add("cmd", word);
  query.add("tty", options.tty ? "true" : "false");
  if (args.has("instance")) query.add("instance", args.text("instance"));
  if (options.tty) add_terminal_size(session, query);
  CLI_LET(api, session.api());
  const HttpRequest request =
      api->request_for({.path = service_path(name, "/exec"), .query = std::move(query)});
  CLI_LET(code, run_exec_session(session, *api, request, options));
  if (code != 0) return stop_quietly(code);
  return {};
}

constexpr ArgSpec kArgs[] = {
    kServiceArg, {.name = "CMD", .help = "program and its arguments", .repeated = true}};
constexpr OptionSpec kOptions[] = {
    {.name = "instance", .letter = 'i', .value = "NAME", .help = "in this container (croft ps)"},
    {.name = "tty", .letter = 't', .help = "insist on a terminal"},
    {.name = "no-tty", .letter = 'T', .help = "no terminal even when there is one"},
    {.name = "no-stdin", .help = "do not pass standard input on"}};

constexpr Command kCommands[] = {
    {.name = "exec",
     .summary = "Run a command in a container of a service",
     .args = kArgs,
     .options = kOptions,
     .examples = "croft exec api -- sh\n"
                 "croft exec api -- node -e 'console.log(process.version)'\n"
                 "croft exec db -- psql -c 'select 1' < /dev/null",
     .notes = "The command comes behind `--`. Its exit code is the exit code of croft. On a "
              "terminal it gets one.",
     .run = run_exec},
};

}  // namespace

std::span<const Command> exec_commands() {
  return kCommands;
}

}  // namespace croft::cli
