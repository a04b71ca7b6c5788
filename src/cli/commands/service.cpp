// service create, list, show, delete
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/process_wait.h"
#include "cli/prompts.h"

namespace croft::cli {
namespace {

std::string ports_text(const ApiService& service) {
  std::vector<std::string> ports;
  for (const ApiPort& port : service.ports) {
    ports.push_back(fmt::format("{}/{}{}", port.port, port.protocol, port.http ? " http" : ""));
  }
  return ports.empty() ? "-" : fmt::format("{}", fmt::join(ports, ", "));
}

Outcome<boost::json::object> new_service(const Args& args, const std::string& hostname) {
  boost::json::object body{{"hostname", hostname}, {"type", args.text("type")}};
  if (args.has("mode")) body["mode"] = args.text("mode");
  CLI_LET(containers, args.number("containers", 1, 10));
  if (containers) {
    body["min_containers"] = *containers;
    body["max_containers"] = *containers;
  }
  if (args.has("no-subdomain")) body["subdomain_enabled"] = false;
  if (args.has("nearest-versions")) body["nearest_versions"] = true;
  for (const std::string_view kind : {"env", "secret"}) {
    boost::json::object values;
    for (const std::string& word : args.list(kind)) {
      const auto equals = word.find('=');
      if (equals == std::string::npos || equals == 0) {
        return stop_usage(fmt::format("--{}: '{}': expected KEY=VALUE", kind, word));
      }
      values[word.substr(0, equals)] = word.substr(equals + 1);
    }
    if (!values.empty()) body[kind == "env" ? "variables" : "secrets"] = std::move(values);
  }
  return body;
}

Outcome<void> run_create(Session& session, const Args& args) {
  if (!args.has("type")) {
    return stop_usage("croft service create: --type is missing",
                      "--type nodejs@22, --type postgresql@17…; croft service types lists all");
  }
  CLI_LET(name, session.service_name(args.text("hostname")));
  CLI_LET(body, new_service(args, name.hostname));
  CLI_LET(api, session.api());
  CLI_LET(answer, api->post(project_path(name.project, "/services"), body));
  CLI_LET(created, decode<ApiServiceCreated>(answer));
  for (const ApiField& warning : created.warnings) session.out().warning(warning);
  if (args.has("detach")) {
    if (session.out().json()) session.out().value(answer.at("service"));
    session.out().progress(fmt::format("follow it: croft process wait {}", created.process.id));
    return {};
  }
  CLI_LET(timeout, timeout_of(args));
  CLI_LET(ended, wait_for_process(session, created.process.id, {.timeout = timeout}));
  CLI_LET(process, decode<ApiProcess>(ended));
  CLI_TRY(judge_process(session, process));
  boost::json::value raw;
  CLI_LET(service, session.service(name, &raw));
  if (session.out().json()) {
    session.out().value(raw);
    return {};
  }
  session.out().progress(
      fmt::format("service {} ({}) created: {}", name.text(), service.type, service.status));
  if (service.status == "ready_to_deploy") {
    session.out().progress(fmt::format("next: croft deploy {}", name.text()));
  }
  return {};
}

Outcome<void> run_list(Session& session, const Args&) {
  CLI_LET(project, session.project());
  CLI_LET(api, session.api());
  CLI_LET(items, api->list(project_path(project, "/services")));
  if (session.out().json()) {
    session.out().value(boost::json::array(items.begin(), items.end()));
    return {};
  }
  std::vector<std::vector<std::string>> rows{
      {"HOSTNAME", "TYPE", "STATUS", "CONTAINERS", "VERSION", "URL"}};
  for (const auto& item : items) {
    CLI_LET(service, decode<ApiService>(item));
    rows.push_back({service.hostname, service.type,
                    session.out().paint(service.status, tone_of(service.status)),
                    fmt::format("{}/{}", service.ready_containers, service.containers),
                    service.active_version > 0 ? std::to_string(service.active_version) : "-",
                    service.urls.empty() ? "-" : service.urls.front()});
  }
  session.out().table(rows);
  return {};
}

Outcome<void> run_show(Session& session, const Args& args) {
  CLI_LET(name, session.service_name(args.text("service")));
  boost::json::value raw;
  CLI_LET(service, session.service(name, &raw));
  if (session.out().json()) {
    session.out().value(raw);
    return {};
  }
  std::string status = session.out().paint(service.status, tone_of(service.status));
  if (!service.status_detail.empty()) status += fmt::format(" ({})", service.status_detail);
  std::vector<std::vector<std::string>> rows{
      {"service", name.text()},
      {"type", service.type},
      {"status", status},
      {"containers", fmt::format("{} of {} ready", service.ready_containers, service.containers)},
      {"version", service.active_version > 0 ? std::to_string(service.active_version) : "none yet"},
      {"ports", ports_text(service)},
      {"id", service.id},
      {"created", session.time_text(service.created_at)}};
  for (const std::string& url : service.urls) rows.push_back({"url", url});
  for (const auto& row : rows) session.out().line(fmt::format("{:<11} {}", row[0], row[1]));
  return {};
}

Outcome<void> run_types(Session& session, const Args&) {
  CLI_LET(api, session.api());
  CLI_LET(items, api->list("/service-types"));
  if (session.out().json()) {
    session.out().value(boost::json::array(items.begin(), items.end()));
    return {};
  }
  std::vector<std::vector<std::string>> rows{{"TYPE", "VERSIONS", "WHAT IT IS"}};
  for (const auto& item : items) {
    CLI_LET(type, decode<ApiServiceType>(item));
    std::vector<std::string> versions;
    for (const ApiTypeVersion& version : type.versions) versions.push_back(version.version);
    rows.push_back({type.name, fmt::format("{}", fmt::join(versions, ", ")), type.description});
  }
  session.out().table(rows);
  return {};
}

Outcome<void> run_delete(Session& session, const Args& args) {
  CLI_LET(name, session.service_name(args.text("service")));
  CLI_LET(service, session.service(name));
  CLI_TRY(confirm_name(
      session, args,
      fmt::format("Deleting service {} destroys its containers, versions and data", name.text()),
      service.hostname));
  CLI_LET(api, session.api());
  // By id: a service made anew under this name meanwhile is another one.
  CLI_LET(process,
          api->call({.method = "DELETE", .path = service_path({name.project, service.id})}));
  return finish_process(session, args, process, fmt::format("service {} deleted", name.text()));
}

constexpr ArgSpec kCreateArgs[] = {
    {.name = "HOSTNAME", .help = "lower-case letters and digits, at most 25; or project/hostname"}};
constexpr ArgSpec kServiceOnly[] = {kServiceArg};
constexpr OptionSpec kCreateOptions[] = {
    {.name = "type", .letter = 't', .value = "TYPE", .help = "nodejs@22, static, postgresql@17…"},
    {.name = "containers", .letter = 'c', .value = "N", .help = "1 to 10; default 1"},
    {.name = "mode", .value = "MODE", .help = "of a managed service: HA or NON_HA"},
    {.name = "env", .letter = 'e', .value = "KEY=VALUE", .help = "a variable", .repeated = true},
    {.name = "secret", .value = "KEY=VALUE", .help = "a hidden variable", .repeated = true},
    {.name = "no-subdomain", .help = "no public address"},
    {.name = "nearest-versions", .help = "take the nearest version when this one does not exist"},
    kDetach,
    kTimeout};
constexpr OptionSpec kDeleteOptions[] = {kConfirm, kDetach, kTimeout};

constexpr Command kCommands[] = {
    {.name = "service create",
     .summary = "Make a service in the project",
     .args = kCreateArgs,
     .options = kCreateOptions,
     .examples = "croft service create api --type nodejs@22\n"
                 "croft service create shop/db --type postgresql@17",
     .run = run_create},
    {.name = "service list",
     .summary = "List the services of the project",
     .examples = "croft service list\ncroft service list --project shop --json",
     .run = run_list},
    {.name = "service types",
     .summary = "List the types that a service can have, with their versions",
     .examples = "croft service types\ncroft service types --json",
     .run = run_types},
    {.name = "service show",
     .summary = "Show one service",
     .args = kServiceOnly,
     .examples = "croft service show api",
     .run = run_show},
    {.name = "service delete",
     .summary = "Delete a service and its data",
     .args = kServiceOnly,
     .options = kDeleteOptions,
     .examples = "croft service delete api\ncroft service delete shop/api --confirm api",
     .run = run_delete},
};

}  // namespace

std::span<const Command> service_commands() {
  return kCommands;
}

}  // namespace croft::cli
