// config validate, config plan
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "base/random.h"
#include "cli/commands/commands.h"
#include "cli/project_file.h"
#include "cli/session.h"
#include "spec/validate.h"

namespace croft::cli {
namespace {

constexpr std::size_t kMaxFile = 4u << 20;  // the parser has a smaller cap and says so itself

// What cannot be read is reported like what cannot be parsed.
spec::ValidationReport validate(Session& session, const std::string& file) {
  static SystemRandom random;
  static SystemClock clock;
  Result<std::string> text = read_file(session.io().cwd / file, kMaxFile);
  if (file == "-") text = session.io().read_all();
  if (text)
    return spec::validate_file(file, *text, {.resolver = {}, .random = random, .clock = clock});
  spec::ValidationReport report;
  report.file = file;
  report.kind = "unknown";
  report.errors.push_back({"", text.error().message(), file, 0, 0});
  return report;
}

std::string place_of(const FieldError& field) {
  if (field.line == 0) return field.file;
  return fmt::format("{}:{}:{}", field.file, field.line, field.column);
}

void show_report(Session& session, const spec::ValidationReport& report) {
  Output& out = session.out();
  std::string contents;
  if (report.has_setups && !report.setups.empty()) {
    contents = fmt::format(", setups {}", fmt::join(report.setups, ", "));
  }
  if (report.has_services) contents = fmt::format(", {} services", report.services.size());
  out.line(fmt::format("{} {} ({}{})",
                       out.paint(report.ok ? "ok" : "failed", report.ok ? Tone::kGood : Tone::kBad),
                       report.file, report.kind, contents));
  for (const FieldError& error : report.errors) {
    out.line(fmt::format("  {}: {} {}", place_of(error), out.paint("error:", Tone::kBad),
                         error.message));
  }
  for (const FieldError& warning : report.warnings) {
    out.line(fmt::format("  {}: {} {}", place_of(warning), out.paint("warning:", Tone::kWarn),
                         warning.message));
  }
}

Outcome<void> run_validate(Session& session, const Args& args) {
  bool all_ok = true;
  for (const std::string& file : args.list("file")) {
    const spec::ValidationReport report = validate(session, file);
    all_ok = all_ok && report.ok;
    if (session.out().json()) {
      session.out().value(spec::to_json(report));
    } else {
      show_report(session, report);
    }
  }
  return all_ok ? Outcome<void>() : Outcome<void>(stop_quietly(kExitFailure));
}

// Plans of several requests, shown as one.
struct Plans {
  bool changes = false;
  boost::json::array actions;
  boost::json::array warnings;
};

Outcome<void> add_plan(const boost::json::value& answer, Plans& plans) {
  CLI_LET(plan, decode<ApiPlan>(answer));
  plans.changes = plans.changes || plan.changes;
  for (const char* key : {"actions", "warnings"}) {
    const auto* list = answer.as_object().if_contains(key);
    if (list == nullptr || !list->is_array()) continue;
    auto& target = key == std::string_view("actions") ? plans.actions : plans.warnings;
    target.insert(target.end(), list->get_array().begin(), list->get_array().end());
  }
  return {};
}

Outcome<void> plan_import(Session& session, const std::string& file, const std::string& text,
                          Plans& plans) {
  boost::json::object body{{"yaml", text}, {"file", file}};
  if (!session.options().project.empty()) body["project"] = session.options().project;
  CLI_LET(api, session.api());
  Query query;
  query.add("dry_run", "true");
  CLI_LET(answer, api->call({.method = "POST", .path = "/import", .query = query, .body = body}));
  return add_plan(answer, plans);
}

// What deploying each setup to the service of its name would change.
Outcome<void> plan_setups(Session& session, const ProjectFile& file, Plans& plans) {
  CLI_LET(project, session.project());
  CLI_LET(api, session.api());
  const auto hostnames = session.service_hostnames(project);
  Query query;
  query.add("dry_run", "true");
  for (const spec::Setup& setup : file.config.setups) {
    if (std::ranges::find(hostnames, setup.name) == hostnames.end()) {
      session.out().progress(
          fmt::format("setup {}: no service of this name in project {}; nothing "
                      "would be deployed",
                      setup.name, project));
      continue;
    }
    const boost::json::object body{
        {"config", file.text}, {"config_file", file.name}, {"setup", setup.name}};
    CLI_LET(answer, api->call({.method = "POST",
                               .path = service_path({project, setup.name}, "/versions"),
                               .query = query,
                               .body = body}));
    CLI_TRY(add_plan(answer, plans));
  }
  return {};
}

Outcome<void> show_plans(Session& session, const Plans& plans, bool exit_code) {
  if (session.out().json()) {
    session.out().value(boost::json::object{
        {"changes", plans.changes}, {"actions", plans.actions}, {"warnings", plans.warnings}});
  } else {
    CLI_LET(plan, decode<ApiPlan>(boost::json::object{{"actions", plans.actions},
                                                      {"warnings", plans.warnings}}));
    for (const ApiField& warning : plan.warnings) session.out().warning(warning);
    for (const ApiPlanAction& action : plan.actions) {
      if (action.action == "none") continue;
      std::string line = fmt::format("{} {} {}", action.action, action.object, action.name);
      if (!action.detail.empty()) line += ": " + action.detail;
      if (action.downtime) line += session.out().paint(" (downtime)", Tone::kBad);
      session.out().line(line);
    }
    if (!plans.changes) session.out().line("no changes");
  }
  if (plans.changes && exit_code) return stop_quietly(kExitFailure);
  return {};
}

Outcome<void> run_plan(Session& session, const Args& args) {
  const std::string given = args.text("path", ".");
  const std::filesystem::path path = session.io().cwd / given;
  std::error_code ignored;
  Plans plans;
  if (std::filesystem::is_directory(path, ignored)) {
    CLI_LET(file, load_project_file(session, path, ""));
    CLI_TRY(plan_setups(session, file, plans));
    return show_plans(session, plans, args.has("exit-code"));
  }
  const spec::ValidationReport report = validate(session, given);
  if (!report.ok) {
    Failure failure = to_failure(Error(ErrorCode::kInvalid, fmt::format("{} is not valid", given))
                                     .with_fields(report.errors));
    return stop(std::move(failure));
  }
  if (report.has_services) {
    CLI_LET(text, read_file(path, kMaxFile));
    CLI_TRY(plan_import(session, given, text, plans));
  } else {
    CLI_LET(file, load_project_file(session, path.parent_path(), given));
    CLI_TRY(plan_setups(session, file, plans));
  }
  return show_plans(session, plans, args.has("exit-code"));
}

constexpr ArgSpec kValidateArgs[] = {{.name = "FILE",
                                      .help = "croft.yml, zerops.yml, import files…; - reads "
                                              "standard input",
                                      .repeated = true,
                                      .completes = Completes::kFile}};
constexpr ArgSpec kPlanArgs[] = {{.name = "PATH",
                                  .help = "folder with a croft.yml, or a file; default: the "
                                          "current folder",
                                  .required = false,
                                  .completes = Completes::kFile}};
constexpr OptionSpec kPlanOptions[] = {
    {.name = "exit-code", .help = "exit 1 when something would change"}};

constexpr Command kCommands[] = {
    {.name = "config validate",
     .summary = "Check configuration files on this machine: shape, values, references",
     .args = kValidateArgs,
     .examples = "croft config validate croft.yml\ncroft config validate --json *.yml",
     .notes = "Exit 1 when a file has an error. --json prints one object a line: file, kind, ok, "
              "setups or\nservices, errors, warnings.",
     .run = run_validate},
    {.name = "config plan",
     .summary = "Show what deploying or importing would change, and change nothing",
     .args = kPlanArgs,
     .options = kPlanOptions,
     .examples = "croft config plan\ncroft config plan shop.yml --exit-code",
     .run = run_plan},
};

}  // namespace

std::span<const Command> config_commands() {
  return kCommands;
}

}  // namespace croft::cli
