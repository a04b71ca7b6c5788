// context list, use, show, delete
#include "cli/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/prompts.h"
#include "cli/session.h"
#include "spec/suggest.h"

namespace croft::cli {
namespace {

boost::json::object context_json(const StoredContext& context, bool current) {
  // Never the token: this is printed.
  return {{"name", context.name},       {"url", context.url}, {"user", context.user},
          {"project", context.project}, {"current", current}, {"logged_in", !context.token.empty()},
          {"ca_file", context.ca_file}};
}

Outcome<void> run_list(Session& session, const Args&) {
  CLI_LET(file, load_contexts(session.io()));
  if (session.out().json()) {
    boost::json::array all;
    for (const StoredContext& context : file.contexts) {
      all.push_back(context_json(context, context.name == file.current));
    }
    session.out().value(all);
    return {};
  }
  std::vector<std::vector<std::string>> rows{{"", "NAME", "URL", "USER", "PROJECT"}};
  for (const StoredContext& context : file.contexts) {
    rows.push_back({context.name == file.current ? "*" : "", context.name, context.url,
                    context.token.empty() ? "(logged out)" : context.user, context.project});
  }
  session.out().table(rows);
  return {};
}

Outcome<void> run_show(Session& session, const Args&) {
  CLI_LET(connection, session.connection());
  const StoredContext shown{connection->context, connection->url,     connection->token.reveal(),
                            connection->user,    connection->project, connection->ca_file};
  if (session.out().json()) {
    session.out().value(context_json(shown, true));
    return {};
  }
  if (shown.url.empty()) {
    return stop(
        {Error(ErrorCode::kNotFound, "no server chosen"), kExitNotFound, "croft login URL"});
  }
  const auto or_none = [](const std::string& text) { return text.empty() ? "(none)" : text; };
  session.out().text(fmt::format("context  {}\nserver   {}\nuser     {}\nproject  {}\n",
                                 or_none(shown.name), shown.url, or_none(shown.user),
                                 or_none(shown.project)));
  return {};
}

// The entry of the connection; made without a token when only the environment names the server.
StoredContext& entry_of(ContextFile& file, const Connection& connection) {
  StoredContext* stored = file.find(connection.context);
  if (stored == nullptr) stored = file.find_url(connection.url);
  if (stored != nullptr) return *stored;
  file.contexts.push_back({connection.url, connection.url, "", "", "", connection.ca_file});
  if (file.current.empty()) file.current = connection.url;
  return file.contexts.back();
}

Outcome<void> use_project(Session& session, ContextFile& file, const std::string& name) {
  CLI_LET(api, session.api());
  auto answer = api->get(project_path(name));
  if (!answer && answer.error().exit == kExitNotFound) {
    std::vector<std::string> known;
    for (const StoredContext& context : file.contexts) known.push_back(context.name);
    if (auto projects = api->list("/projects")) {
      for (const auto& item : *projects) {
        if (auto project = decode<ApiProject>(item)) known.push_back(project->name);
      }
    }
    const std::string near = spec::nearest(name, known);
    return stop({Error(ErrorCode::kNotFound,
                       fmt::format("{}: neither a context nor a project of {}", name, api->url())),
                 kExitNotFound,
                 near.empty() ? "croft context list; croft project list"
                              : fmt::format("did you mean {}?", near)});
  }
  CLI_TRY(answer);
  CLI_LET(project, decode<ApiProject>(*answer));
  CLI_LET(connection, session.connection());
  StoredContext& entry = entry_of(file, *connection);
  entry.project = project.name;
  CLI_TRY(save_contexts(session.io(), file));
  if (session.out().json()) {
    session.out().value(context_json(entry, entry.name == file.current));
  } else {
    session.out().progress(fmt::format("project {} on {}", project.name, entry.url));
  }
  if (!session.io().variable("CROFT_PROJECT").empty()) {
    session.out().note("CROFT_PROJECT is set and wins over this choice");
  }
  return {};
}

Outcome<void> run_use(Session& session, const Args& args) {
  const std::string name = args.text("name");
  CLI_LET(file, load_contexts(session.io()));
  const StoredContext* stored = file.find(name);
  if (stored == nullptr) return use_project(session, file, name);
  file.current = name;
  CLI_TRY(save_contexts(session.io(), file));
  if (session.out().json()) {
    session.out().value(context_json(*stored, true));
  } else {
    session.out().progress(fmt::format("context {} ({})", name, stored->url));
  }
  if (!session.io().variable("CROFT_URL").empty()) {
    session.out().note("CROFT_URL is set and wins over this choice");
  }
  return {};
}

Outcome<void> run_delete(Session& session, const Args& args) {
  const std::string name = args.text("name");
  CLI_LET(file, load_contexts(session.io()));
  if (file.find(name) == nullptr) {
    return stop({Error(ErrorCode::kNotFound, fmt::format("context {}: no such context", name)),
                 kExitNotFound, "croft context list"});
  }
  std::erase_if(file.contexts, [&](const StoredContext& c) { return c.name == name; });
  if (file.current == name) file.current = file.contexts.empty() ? "" : file.contexts[0].name;
  CLI_TRY(save_contexts(session.io(), file));
  session.out().progress(
      fmt::format("context {} forgotten; its token still works until it "
                  "expires (croft logout revokes)",
                  name));
  return {};
}

constexpr ArgSpec kUseArgs[] = {{.name = "NAME",
                                 .help = "a context, or a project of the current server",
                                 .completes = Completes::kProject}};
constexpr ArgSpec kDeleteArgs[] = {
    {.name = "NAME", .help = "of the context", .completes = Completes::kContext}};

constexpr Command kCommands[] = {
    {.name = "context list",
     .summary = "List the servers you logged in to",
     .examples = "croft context list",
     .run = run_list},
    {.name = "context use",
     .summary = "Choose the server, or the project that commands work in",
     .args = kUseArgs,
     .examples = "croft context use shop\ncroft context use croft.example.com",
     .run = run_use},
    {.name = "context show",
     .summary = "Show server, user and project in effect",
     .examples = "croft context show --json",
     .run = run_show},
    {.name = "context delete",
     .summary = "Forget a server",
     .args = kDeleteArgs,
     .examples = "croft context delete croft.example.com",
     .run = run_delete},
};

}  // namespace

std::span<const Command> context_commands() {
  return kCommands;
}

}  // namespace croft::cli
