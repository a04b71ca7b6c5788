// process list, show, wait, cancel
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/process_wait.h"
#include "cli/text.h"

namespace croft::cli {
namespace {

Outcome<void> run_list(Session& session, const Args& args) {
  Query query;
  CLI_LET(connection, session.connection());
  if (args.has("service")) {
    CLI_LET(name, session.service_name(args.text("service")));
    query.add("project", name.project).add("service", name.hostname);
  } else if (!args.has("all") && !(session.options().project + connection->project).empty()) {
    CLI_LET(project, session.project());
    query.add("project", project);
  }
  for (const std::string& status : args.list("status")) query.add("status", status);
  CLI_LET(limit, args.number("lines", 1, 10'000));
  CLI_LET(api, session.api());
  CLI_LET(items, api->list("/processes", query, static_cast<std::size_t>(limit.value_or(20))));
  if (session.out().json()) {
    session.out().value(boost::json::array(items.begin(), items.end()));
    return {};
  }
  std::vector<std::vector<std::string>> rows{{"ID", "KIND", "OF", "STATUS", "STEP", "CREATED"}};
  for (const auto& item : items) {
    CLI_LET(process, decode<ApiProcess>(item));
    rows.push_back({process.id, process.kind, subject_of(process),
                    session.out().paint(process.status, tone_of(process.status)), process.step,
                    session.time_text(process.created_at)});
  }
  session.out().table(rows);
  return {};
}

void show_error(Session& session, const ApiProcessError& error) {
  session.out().line(fmt::format("error     {}", safe_text(error.message, Escapes::kNone)));
  if (!error.command.empty()) {
    session.out().line(fmt::format("command   {}", safe_text(error.command, Escapes::kNone)));
  }
  if (error.exit_code) session.out().line(fmt::format("exit code {}", *error.exit_code));
  for (const std::string& line : error.last_lines) {
    session.out().line("  | " + safe_text(line, Escapes::kNone));
  }
}

Outcome<void> run_show(Session& session, const Args& args) {
  CLI_LET(api, session.api());
  CLI_LET(raw, api->get(path_of({"processes", args.text("id")})));
  if (session.out().json()) {
    session.out().value(raw);
    return {};
  }
  CLI_LET(process, decode<ApiProcess>(raw));
  session.out().line(fmt::format("process   {}", process.id));
  session.out().line(fmt::format("kind      {} of {}", process.kind, subject_of(process)));
  session.out().line(fmt::format("status    {} ({} %)",
                                 session.out().paint(process.status, tone_of(process.status)),
                                 process.progress));
  session.out().line(fmt::format("created   {}", session.time_text(process.created_at)));
  for (const ApiStep& step : process.steps) {
    session.out().line(fmt::format("  {:<10} {} {}", step.name,
                                   session.out().paint(step.status, tone_of(step.status)),
                                   safe_text(step.message, Escapes::kNone)));
  }
  if (process.error) show_error(session, *process.error);
  if (process.result && !process.result->url.empty()) {
    session.out().line(fmt::format("url       {}", process.result->url));
  }
  return {};
}

Outcome<void> run_wait(Session& session, const Args& args) {
  WaitOptions options{.follow_log = args.has("log")};
  CLI_LET(timeout, timeout_of(args));
  options.timeout = timeout;
  CLI_LET(ended, wait_for_process(session, args.text("id"), options));
  if (session.out().json()) session.out().value(process_summary(ended));
  CLI_LET(process, decode<ApiProcess>(ended));
  CLI_TRY(judge_process(session, process));
  if (!session.out().json()) {
    session.out().progress(fmt::format("{}: {} finished", subject_of(process), process.kind));
    if (process.result && !process.result->url.empty()) session.out().line(process.result->url);
  }
  return {};
}

Outcome<void> run_cancel(Session& session, const Args& args) {
  CLI_LET(api, session.api());
  const std::string id = args.text("id");
  CLI_LET(answer, api->post(path_of({"processes", id}) + "/cancel"));
  if (session.out().json()) {
    session.out().value(answer);
  } else {
    session.out().progress(
        fmt::format("process {} is being canceled; croft process wait {}", id, id));
  }
  return {};
}

constexpr ArgSpec kIdArg[] = {{.name = "ID", .help = "of the process"}};
constexpr OptionSpec kListOptions[] = {
    {.name = "service",
     .letter = 's',
     .value = "SERVICE",
     .help = "only of this service",
     .completes = Completes::kService},
    {.name = "status",
     .value = "STATUS",
     .help = "pending, running, finished, failed, canceled; several times for several",
     .repeated = true},
    {.name = "all", .letter = 'a', .help = "of every project"},
    {.name = "lines", .letter = 'n', .value = "N", .help = "at most so many; default 20"}};
constexpr OptionSpec kWaitOptions[] = {{.name = "log", .help = "show what the process says"},
                                       kTimeout};

constexpr Command kCommands[] = {
    {.name = "process list",
     .summary = "List processes, newest first",
     .options = kListOptions,
     .examples = "croft process list\ncroft process list --all --status running",
     .run = run_list},
    {.name = "process show",
     .summary = "Show a process with its steps and error",
     .args = kIdArg,
     .examples = "croft process show ID",
     .run = run_show},
    {.name = "process wait",
     .summary = "Wait until a process has ended",
     .args = kIdArg,
     .options = kWaitOptions,
     .examples = "croft process wait ID --log\ncroft process wait ID --timeout 10m",
     .notes = "Exit 0 when it finished, 6 when a deployment failed, 1 when something else did, 7 "
              "when the\ntime was over.",
     .run = run_wait},
    {.name = "process cancel",
     .summary = "Stop a process that has not switched yet; the running version stays",
     .args = kIdArg,
     .examples = "croft process cancel ID",
     .run = run_cancel},
};

}  // namespace

std::span<const Command> process_commands() {
  return kCommands;
}

}  // namespace croft::cli
