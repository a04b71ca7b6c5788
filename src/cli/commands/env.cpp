// project env and service env: list, set, unset, import
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "cli/commands/commands.h"
#include "cli/session.h"
#include "cli/text.h"
#include "spec/dotenv.h"
#include "spec/env_key.h"

namespace croft::cli {
namespace {

enum class Owner : unsigned char { kProject, kService };

struct Target {
  std::string path;  // of the variables
  std::string name;  // for messages
};

template <Owner kOwner>
Outcome<Target> target_of(Session& session, const Args& args) {
  if constexpr (kOwner == Owner::kProject) {
    CLI_LET(project, session.project());
    return Target{project_path(project, "/variables"), project};
  } else {
    CLI_LET(service, session.service_name(args.text("service")));
    // Asked for first: so that a slip in its name is answered with the nearest.
    CLI_TRY(session.service(service));
    return Target{service_path(service, "/variables"), service.text()};
  }
}

template <Owner kOwner>
Outcome<void> run_list(Session& session, const Args& args) {
  CLI_LET(target, target_of<kOwner>(session, args));
  CLI_LET(api, session.api());
  Query query;
  if (args.has("reveal")) query.add("reveal", "true");
  CLI_LET(items, api->list(target.path, std::move(query)));
  if (session.out().json()) {
    session.out().value(boost::json::array(items.begin(), items.end()));
    return {};
  }
  std::vector<std::vector<std::string>> rows{{"KEY", "VALUE", "KIND"}};
  for (const auto& item : items) {
    CLI_LET(variable, decode<ApiVariable>(item));
    const std::string value =
        variable.value ? safe_text(*variable.value, Escapes::kNone) : "(hidden; --reveal shows it)";
    rows.push_back({variable.key, value, variable.kind});
  }
  session.out().table(rows);
  return {};
}

Outcome<void> show_changed(Session& session, const Target& target, boost::json::value answer) {
  if (session.out().json()) {
    session.out().value(answer);
    return {};
  }
  CLI_LET(changed, decode<ApiVariablesChanged>(answer));
  for (const std::string& key : changed.changed) {
    session.out().progress(fmt::format("{}: {} set", target.name, key));
  }
  for (const std::string& key : changed.removed) {
    session.out().progress(fmt::format("{}: {} removed", target.name, key));
  }
  if (!changed.restart_needed.empty()) {
    session.out().progress(
        fmt::format("running containers keep the old values until: croft service restart {}",
                    fmt::join(changed.restart_needed, " | ")));
  }
  return {};
}

Outcome<void> send_all(Session& session, const Target& target, boost::json::array variables,
                       bool replace) {
  CLI_LET(api, session.api());
  boost::json::object body{{"variables", std::move(variables)}};
  if (replace) body["replace"] = true;
  CLI_LET(answer, api->call({.method = "PUT", .path = target.path, .body = std::move(body)}));
  return show_changed(session, target, answer);
}

// KEY=VALUE, or KEY=- for a value from standard input (its last line end is dropped).
Outcome<boost::json::object> variable_of(Session& session, const std::string& word, bool secret) {
  const auto equals = word.find('=');
  const std::string key = word.substr(0, equals);
  if (equals == std::string::npos || !spec::is_env_key(key)) {
    return stop_usage(fmt::format("'{}': expected KEY=VALUE", word),
                      "KEY=- takes the value from standard input");
  }
  std::string value = word.substr(equals + 1);
  if (value == "-") {
    CLI_LET(input, session.io().read_all());
    value = input;
    if (value.ends_with('\n')) value.pop_back();
  }
  return boost::json::object{{"key", key}, {"value", value}, {"secret", secret}};
}

template <Owner kOwner>
Outcome<void> run_set(Session& session, const Args& args) {
  boost::json::array variables;
  for (const std::string& word : args.list("key=value")) {
    CLI_LET(variable, variable_of(session, word, args.has("secret")));
    variables.push_back(variable);
  }
  CLI_LET(target, target_of<kOwner>(session, args));
  return send_all(session, target, std::move(variables), false);
}

template <Owner kOwner>
Outcome<void> run_unset(Session& session, const Args& args) {
  CLI_LET(target, target_of<kOwner>(session, args));
  CLI_LET(api, session.api());
  for (const std::string& key : args.list("key")) {
    CLI_LET(answer, api->call({.method = "DELETE", .path = target.path + path_of({key})}));
    CLI_TRY(show_changed(session, target, answer));
  }
  return {};
}

template <Owner kOwner>
Outcome<void> run_import(Session& session, const Args& args) {
  const std::string file = args.text("file");
  std::string text;
  if (file == "-") {
    CLI_LET(input, session.io().read_all());
    text = input;
  } else {
    CLI_LET(content, read_file(session.io().cwd / file, 1u << 20));
    text = content;
  }
  auto entries = spec::parse_dotenv(text);
  if (!entries) return stop(std::move(entries).error().in(file == "-" ? "standard input" : file));
  boost::json::array variables;
  for (const spec::DotenvEntry& entry : *entries) {
    variables.push_back(boost::json::object{
        {"key", entry.key}, {"value", entry.value}, {"secret", args.has("secret")}});
  }
  CLI_LET(target, target_of<kOwner>(session, args));
  return send_all(session, target, std::move(variables), args.has("replace"));
}

constexpr ArgSpec kPairs{.name = "KEY=VALUE",
                         .help = "one or more; KEY=- reads the value from standard input",
                         .repeated = true};
constexpr ArgSpec kKeys{.name = "KEY", .help = "one or more", .repeated = true};
constexpr ArgSpec kFile{
    .name = "FILE", .help = ".env file; - reads standard input", .completes = Completes::kFile};
constexpr ArgSpec kServiceOnly[] = {kServiceArg};
constexpr ArgSpec kProjectSet[] = {kPairs};
constexpr ArgSpec kServiceSet[] = {kServiceArg, kPairs};
constexpr ArgSpec kProjectUnset[] = {kKeys};
constexpr ArgSpec kServiceUnset[] = {kServiceArg, kKeys};
constexpr ArgSpec kProjectImport[] = {kFile};
constexpr ArgSpec kServiceImport[] = {kServiceArg, kFile};
constexpr OptionSpec kSecret{.name = "secret",
                             .help =
                                 "hide the value: containers read it, people only with "
                                 "--reveal"};
constexpr OptionSpec kListOptions[] = {{.name = "reveal", .help = "show the values of secrets"}};
constexpr OptionSpec kSetOptions[] = {kSecret};
constexpr OptionSpec kImportOptions[] = {
    kSecret, {.name = "replace", .help = "also remove the variables that are not in the file"}};

constexpr std::string_view kNotes =
    "References such as ${db_password} are resolved when a container starts. Running containers "
    "keep\ntheir values until a restart.";

constexpr Command kCommands[] = {
    {.name = "project env",
     .summary = "List the variables of the project, which every service gets",
     .options = kListOptions,
     .examples = "croft project env\ncroft project env --reveal --json",
     .notes = "The same: croft project env list.",
     .run = run_list<Owner::kProject>},
    {.name = "project env list",
     .options = kListOptions,
     .examples = "croft project env list",
     .run = run_list<Owner::kProject>},
    {.name = "project env set",
     .summary = "Set variables of the project",
     .args = kProjectSet,
     .options = kSetOptions,
     .examples = "croft project env set LOG_LEVEL=debug REGION=eu\n"
                 "croft project env set API_KEY=- --secret < key.txt",
     .notes = kNotes,
     .run = run_set<Owner::kProject>},
    {.name = "project env unset",
     .summary = "Remove variables of the project",
     .args = kProjectUnset,
     .examples = "croft project env unset LOG_LEVEL",
     .run = run_unset<Owner::kProject>},
    {.name = "project env import",
     .summary = "Set variables of the project from a .env file",
     .args = kProjectImport,
     .options = kImportOptions,
     .examples = "croft project env import .env",
     .run = run_import<Owner::kProject>},
    {.name = "service env",
     .summary = "List the variables of a service",
     .args = kServiceOnly,
     .options = kListOptions,
     .examples = "croft service env db --reveal",
     .notes = "The same: croft service env list SERVICE.",
     .run = run_list<Owner::kService>},
    {.name = "service env list",
     .args = kServiceOnly,
     .options = kListOptions,
     .examples = "croft service env list api",
     .run = run_list<Owner::kService>},
    {.name = "service env set",
     .summary = "Set variables of a service",
     .args = kServiceSet,
     .options = kSetOptions,
     .examples = "croft service env set api LOG_LEVEL=debug\n"
                 "croft service env set shop/api API_KEY=- --secret < key.txt",
     .notes = kNotes,
     .run = run_set<Owner::kService>},
    {.name = "service env unset",
     .summary = "Remove variables of a service",
     .args = kServiceUnset,
     .examples = "croft service env unset api LOG_LEVEL",
     .run = run_unset<Owner::kService>},
    {.name = "service env import",
     .summary = "Set variables of a service from a .env file",
     .args = kServiceImport,
     .options = kImportOptions,
     .examples = "croft service env import api .env --secret",
     .run = run_import<Owner::kService>},
};

}  // namespace

std::span<const Command> env_commands() {
  return kCommands;
}

}  // namespace croft::cli
