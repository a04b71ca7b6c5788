// service start, stop, restart, scale
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/process_wait.h"

namespace croft::cli {
namespace {

Outcome<void> change(Session& session, const Args& args, const std::string& verb,
                     boost::json::value body, const std::string& done) {
  CLI_LET(name, session.service_name(args.text("service")));
  CLI_TRY(session.service(name));
  CLI_LET(api, session.api());
  CLI_LET(process, api->post(service_path(name, "/" + verb), std::move(body)));
  return finish_process(session, args, process, fmt::format("service {} {}", name.text(), done));
}

Outcome<void> run_start(Session& session, const Args& args) {
  return change(session, args, "start", nullptr, "started");
}

Outcome<void> run_stop(Session& session, const Args& args) {
  return change(session, args, "stop", nullptr, "stopped; its data is kept");
}

Outcome<void> run_restart(Session& session, const Args& args) {
  return change(session, args, "restart", nullptr, "restarted");
}

Outcome<void> run_scale(Session& session, const Args& args) {
  CLI_LET(count, args.number("count", 1, 10));
  return change(session, args, "scale", boost::json::object{{"containers", *count}},
                fmt::format("runs {} container{}", *count, *count == 1 ? "" : "s"));
}

constexpr ArgSpec kServiceOnly[] = {kServiceArg};
constexpr ArgSpec kScaleArgs[] = {kServiceArg, {.name = "COUNT", .help = "containers, 1 to 10"}};
constexpr OptionSpec kOptions[] = {kDetach, kTimeout};

constexpr Command kCommands[] = {
    {.name = "service start",
     .summary = "Start a stopped service",
     .args = kServiceOnly,
     .options = kOptions,
     .examples = "croft service start api",
     .run = run_start},
    {.name = "service stop",
     .summary = "Stop a service; its data is kept",
     .args = kServiceOnly,
     .options = kOptions,
     .examples = "croft service stop api",
     .run = run_stop},
    {.name = "service restart",
     .summary = "Replace the containers by new ones with the current variables, without downtime",
     .args = kServiceOnly,
     .options = kOptions,
     .examples = "croft service restart api",
     .run = run_restart},
    {.name = "service scale",
     .summary = "Set the number of containers",
     .args = kScaleArgs,
     .options = kOptions,
     .examples = "croft service scale api 3",
     .run = run_scale},
};

}  // namespace

std::span<const Command> service_state_commands() {
  return kCommands;
}

}  // namespace croft::cli
