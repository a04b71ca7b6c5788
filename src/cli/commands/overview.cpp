// ps, status, open
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/session.h"
#include "cli/text.h"

namespace croft::cli {
namespace {

Outcome<void> run_ps(Session& session, const Args& args) {
  std::string path;
  if (args.has("service")) {
    CLI_LET(name, session.service_name(args.text("service")));
    CLI_TRY(session.service(name));
    path = service_path(name, "/instances");
  } else {
    CLI_LET(project, session.project());
    path = project_path(project, "/instances");
  }
  CLI_LET(api, session.api());
  CLI_LET(items, api->list(path));
  if (session.out().json()) {
    session.out().value(boost::json::array(items.begin(), items.end()));
    return {};
  }
  std::vector<std::vector<std::string>> rows{
      {"SERVICE", "INSTANCE", "VERSION", "STATE", "TRAFFIC", "NODE", "STARTED", "DETAIL"}};
  for (const auto& item : items) {
    CLI_LET(instance, decode<ApiInstance>(item));
    rows.push_back({instance.service, instance.name,
                    instance.version > 0 ? std::to_string(instance.version) : "-",
                    session.out().paint(instance.state, tone_of(instance.state)),
                    instance.in_rotation ? "yes" : "no", instance.node,
                    session.time_text(instance.started_at),
                    safe_text(instance.detail, Escapes::kNone)});
  }
  session.out().table(rows);
  return {};
}

Outcome<void> run_status(Session& session, const Args&) {
  CLI_LET(api, session.api());
  CLI_LET(answer, api->get("/status"));
  CLI_LET(status, decode<ApiStatus>(answer));
  if (session.out().json()) {
    session.out().value(answer);
  } else {
    session.out().line(fmt::format("{}  croft {}  {}",
                                   session.out().paint(status.status, tone_of(status.status)),
                                   status.version, api->url()));
    session.out().line(fmt::format("{} projects, {} services, {} instances, {} running processes",
                                   status.projects, status.services, status.instances,
                                   status.running_processes));
    std::vector<std::vector<std::string>> rows{{"COMPONENT", "STATUS", "DETAIL"}};
    for (const ApiComponent& component : status.components) {
      rows.push_back({component.name,
                      session.out().paint(component.status, tone_of(component.status)),
                      component.detail});
      if (!component.fix.empty()) rows.push_back({"", "", "→ " + component.fix});
    }
    session.out().table(rows);
  }
  return status.status == "down" ? Outcome<void>(stop_quietly(kExitFailure)) : Outcome<void>();
}

Outcome<void> run_open(Session& session, const Args& args) {
  CLI_LET(name, session.service_name(args.text("service")));
  CLI_LET(service, session.service(name));
  if (service.urls.empty()) {
    return stop(
        {Error(ErrorCode::kNotFound, fmt::format("service {} has no public address", name.text())),
         kExitNotFound,
         service.active_version == 0 ? fmt::format("croft deploy {}", name.text())
                                     : "it needs a port with httpSupport and a subdomain"});
  }
  if (session.out().json()) {
    session.out().value(boost::json::object{{"url", service.urls.front()},
                                            {"urls", boost::json::value_from(service.urls)}});
    return {};
  }
  session.out().line(service.urls.front());
  const bool desktop = !session.io().variable("DISPLAY").empty() ||
                       !session.io().variable("WAYLAND_DISPLAY").empty();
  if (session.io().out_is_terminal && desktop && !args.has("print")) {
    session.io().open_browser(service.urls.front());
  }
  return {};
}

constexpr ArgSpec kOptionalService[] = {
    {.name = "SERVICE",
     .help = "hostname, or project/hostname; default: all of the project",
     .required = false,
     .completes = Completes::kService}};
constexpr ArgSpec kServiceOnly[] = {kServiceArg};
constexpr OptionSpec kOpenOptions[] = {{.name = "print", .help = "only print the address"}};

constexpr Command kCommands[] = {
    {.name = "open",
     .summary = "Print the address of a service; on a desktop open it in the browser",
     .args = kServiceOnly,
     .options = kOpenOptions,
     .examples = "croft open api\ncurl \"$(croft open api)\"",
     .run = run_open},
    {.name = "ps",
     .summary = "List containers: state, version, whether they get traffic",
     .args = kOptionalService,
     .examples = "croft ps\ncroft ps shop/api --json",
     .run = run_ps},
    {.name = "status",
     .summary = "Show the state of the platform by component",
     .examples = "croft status",
     .notes = "Exit 1 when the platform is down.",
     .run = run_status},
};

}  // namespace

std::span<const Command> overview_commands() {
  return kCommands;
}

}  // namespace croft::cli
