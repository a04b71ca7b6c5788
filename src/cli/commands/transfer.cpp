// project import, project export
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "cli/commands/commands.h"
#include "cli/process_wait.h"

namespace croft::cli {
namespace {

constexpr std::size_t kMaxImport = 100 * 1024;  // the API's cap (zerops-30loops.md A9)

Outcome<std::string> read_input(Session& session, const std::string& file) {
  if (file == "-") {
    CLI_LET(text, session.io().read_all());
    return text;
  }
  auto text = read_file(session.io().cwd / file, kMaxImport);
  if (text) return std::move(*text);
  Failure failure = to_failure(std::move(text).error());
  if (failure.error.code() == ErrorCode::kTooLarge) {
    failure.error = Error(ErrorCode::kTooLarge, fmt::format("{}: larger than 100 KiB", file));
  }
  return stop(std::move(failure));
}

Outcome<void> run_import(Session& session, const Args& args) {
  const std::string file = args.text("file");
  CLI_LET(yaml, read_input(session, file));
  boost::json::object body{{"yaml", yaml}, {"file", file == "-" ? "stdin" : file}};
  // Only a project that is named here: the context's must not swallow a whole-project import.
  if (!session.options().project.empty()) body["project"] = session.options().project;
  CLI_LET(api, session.api());
  Query query;
  if (args.has("nearest-versions")) query.add("nearest_versions", "true");
  CLI_LET(answer, api->call({.method = "POST", .path = "/import", .query = query, .body = body}));
  CLI_LET(import, decode<ApiImport>(answer));
  for (const ApiField& warning : import.warnings) session.out().warning(warning);
  if (!args.has("wait") && !args.has("timeout")) {
    if (session.out().json()) {
      session.out().value(answer);
    } else {
      session.out().line(import.project.name);
      session.out().progress(
          fmt::format("importing {} services into project {}; follow it: croft "
                      "process wait {}",
                      import.services.size(), import.project.name, import.process.id));
    }
    return {};
  }
  WaitOptions options{.follow_log = !session.out().json()};
  CLI_LET(timeout, timeout_of(args));
  options.timeout = timeout;
  CLI_LET(ended, wait_for_process(session, import.process.id, options));
  CLI_LET(process, decode<ApiProcess>(ended));
  if (session.out().json()) {
    boost::json::object result = answer.as_object();
    result["process"] = ended;
    session.out().value(result);
  }
  CLI_TRY(judge_process(session, process));
  if (!session.out().json()) session.out().line(import.project.name);
  return {};
}

Outcome<void> run_export(Session& session, const Args& args) {
  std::string name = args.text("project");
  if (name.empty()) {
    CLI_LET(chosen, session.project());
    name = chosen;
  }
  CLI_LET(api, session.api());
  Query query;
  if (args.has("reveal")) query.add("reveal", "true");
  CLI_LET(answer, api->get(project_path(name, "/export"), std::move(query)));
  const auto* yaml = answer.if_string();
  if (yaml == nullptr) {
    return stop(Error(ErrorCode::kInternal, "the server's answer is not an export file"));
  }
  if (session.out().json()) {
    session.out().value(boost::json::object{{"project", name}, {"yaml", *yaml}});
  } else {
    session.out().text(*yaml);
  }
  return {};
}

constexpr ArgSpec kImportArgs[] = {{.name = "FILE",
                                    .help = "YAML with `project` and `services`; - reads standard "
                                            "input",
                                    .completes = Completes::kFile}};
constexpr OptionSpec kImportOptions[] = {
    {.name = "nearest-versions",
     .help = "take the nearest version when one asked for does not exist, with a warning"},
    {.name = "wait", .letter = 'w', .help = "wait until every service is there"},
    kTimeout};
constexpr ArgSpec kExportArgs[] = {{.name = "PROJECT",
                                    .help = "name or id; default: the chosen one",
                                    .required = false,
                                    .completes = Completes::kProject}};
constexpr OptionSpec kExportOptions[] = {
    {.name = "reveal", .help = "with the values of secrets (needs the scope write)"}};

constexpr Command kCommands[] = {
    {.name = "project import",
     .summary = "Make a project with its services from a file, or add services to one",
     .args = kImportArgs,
     .options = kImportOptions,
     .examples = "croft project import shop.yml --wait\n"
                 "croft project import services.yml --project shop",
     .notes = "A file without `project` needs --project. See what it would do: croft config plan "
              "FILE.",
     .run = run_import},
    {.name = "project export",
     .summary = "Print a project as an import file: structure and variables, no data",
     .args = kExportArgs,
     .options = kExportOptions,
     .examples = "croft project export shop > shop.yml",
     .run = run_export},
};

}  // namespace

std::span<const Command> transfer_commands() {
  return kCommands;
}

}  // namespace croft::cli
