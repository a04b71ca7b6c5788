// project create, list, show, delete
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/process_wait.h"
#include "cli/prompts.h"

namespace croft::cli {
namespace {

Outcome<void> run_create(Session& session, const Args& args) {
  boost::json::object body{{"name", args.text("name")}};
  if (args.has("description")) body["description"] = args.text("description");
  if (args.has("tag")) body["tags"] = boost::json::value_from(args.list("tag"));
  CLI_LET(api, session.api());
  CLI_LET(answer, api->post("/projects", std::move(body)));
  CLI_LET(project, decode<ApiProject>(answer));
  if (session.out().json()) {
    session.out().value(answer);
  } else {
    session.out().progress(fmt::format("project {} created", project.name));
    session.out().progress(
        fmt::format("next: croft context use {0}; croft service create "
                    "HOSTNAME --type nodejs@22",
                    project.name));
  }
  return {};
}

Outcome<void> run_list(Session& session, const Args&) {
  CLI_LET(api, session.api());
  CLI_LET(items, api->list("/projects"));
  if (session.out().json()) {
    session.out().value(boost::json::array(items.begin(), items.end()));
    return {};
  }
  std::vector<std::vector<std::string>> rows{
      {"NAME", "STATUS", "SERVICES", "CREATED", "DESCRIPTION"}};
  for (const auto& item : items) {
    CLI_LET(project, decode<ApiProject>(item));
    rows.push_back({project.name, session.out().paint(project.status, tone_of(project.status)),
                    std::to_string(project.service_count), session.time_text(project.created_at),
                    project.description});
  }
  session.out().table(rows);
  return {};
}

Outcome<std::string> project_named(Session& session, const Args& args) {
  if (args.has("project")) return args.text("project");
  return session.project();
}

Outcome<void> run_show(Session& session, const Args& args) {
  CLI_LET(name, project_named(session, args));
  CLI_LET(api, session.api());
  CLI_LET(answer, api->get(project_path(name)));
  if (session.out().json()) {
    session.out().value(answer);
    return {};
  }
  CLI_LET(project, decode<ApiProject>(answer));
  std::vector<std::vector<std::string>> rows{
      {"name", project.name},
      {"status", session.out().paint(project.status, tone_of(project.status))},
      {"id", project.id},
      {"created", session.time_text(project.created_at)},
      {"isolation", project.env_isolation}};
  if (!project.description.empty()) rows.push_back({"description", project.description});
  if (!project.tags.empty())
    rows.push_back({"tags", fmt::format("{}", fmt::join(project.tags, ", "))});
  for (auto& row : rows) session.out().line(fmt::format("{:<12} {}", row[0], row[1]));
  CLI_LET(services, api->list(project_path(name, "/services")));
  std::vector<std::vector<std::string>> table{{"SERVICE", "TYPE", "STATUS", "CONTAINERS", "URL"}};
  for (const auto& item : services) {
    CLI_LET(service, decode<ApiService>(item));
    table.push_back({service.hostname, service.type,
                     session.out().paint(service.status, tone_of(service.status)),
                     fmt::format("{}/{}", service.ready_containers, service.containers),
                     service.urls.empty() ? "-" : service.urls.front()});
  }
  if (table.size() > 1) {
    session.out().line("");
    session.out().table(table);
  }
  return {};
}

Outcome<void> run_delete(Session& session, const Args& args) {
  CLI_LET(api, session.api());
  CLI_LET(answer, api->get(project_path(args.text("project"))));
  CLI_LET(project, decode<ApiProject>(answer));
  CLI_TRY(confirm_name(session, args,
                       fmt::format("Deleting project {} destroys its {} services and their data",
                                   project.name, project.service_count),
                       project.name));
  // By id: a project made anew under this name meanwhile is another one.
  CLI_LET(process, api->call({.method = "DELETE", .path = project_path(project.id)}));
  return finish_process(session, args, process, fmt::format("project {} deleted", project.name));
}

constexpr ArgSpec kNameArg[] = {
    {.name = "NAME", .help = "letters, digits and single dashes, at most 30 characters"}};
constexpr ArgSpec kShowArgs[] = {{.name = "PROJECT",
                                  .help = "name or id; default: the chosen one",
                                  .required = false,
                                  .completes = Completes::kProject}};
constexpr ArgSpec kDeleteArgs[] = {kProjectArg};
constexpr OptionSpec kCreateOptions[] = {
    {.name = "description", .value = "TEXT", .help = "at most 255 characters"},
    {.name = "tag", .value = "TAG", .help = "may be given several times", .repeated = true}};
constexpr OptionSpec kDeleteOptions[] = {kConfirm, kDetach, kTimeout};

constexpr Command kCommands[] = {
    {.name = "project create",
     .summary = "Make an empty project",
     .args = kNameArg,
     .options = kCreateOptions,
     .examples = "croft project create shop --description 'the web shop'",
     .run = run_create},
    {.name = "project list",
     .summary = "List the projects you may see",
     .examples = "croft project list\ncroft project list --json",
     .run = run_list},
    {.name = "project show",
     .summary = "Show a project and its services",
     .args = kShowArgs,
     .examples = "croft project show shop",
     .run = run_show},
    {.name = "project delete",
     .summary = "Delete a project with its services and their data",
     .args = kDeleteArgs,
     .options = kDeleteOptions,
     .examples = "croft project delete shop\ncroft project delete shop --confirm shop",
     .run = run_delete},
};

}  // namespace

std::span<const Command> project_commands() {
  return kCommands;
}

}  // namespace croft::cli
