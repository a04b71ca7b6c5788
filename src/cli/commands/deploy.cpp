// deploy
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "build/pack_folder.h"
#include "cli/commands/commands.h"
#include "cli/interrupt.h"
#include "cli/process_wait.h"
#include "cli/project_file.h"
#include "cli/text.h"

namespace croft::cli {
namespace {

constexpr Millis kUploadLimit{3'600'000};

struct Plan {
  ServiceName name;
  ApiService service;
  std::filesystem::path folder;
  ProjectFile file;
};

Outcome<Plan> plan_of(Session& session, const Args& args) {
  Plan plan;
  plan.folder = session.io().cwd / args.text("dir", ".");
  std::error_code ignored;
  if (!std::filesystem::is_directory(plan.folder, ignored)) {
    return stop(
        {Error(ErrorCode::kNotFound, fmt::format("{}: no such folder", args.text("dir", "."))),
         kExitFailure, "croft deploy SERVICE DIR"});
  }
  // The file first: what is wrong with it can be said without a server.
  CLI_LET(file, load_project_file(session, plan.folder, args.text("config")));
  plan.file = file;
  CLI_LET(name, session.service_name(args.text("service")));
  plan.name = name;
  CLI_LET(setup, choose_project_setup(plan.file, args.text("setup"), name.hostname));
  plan.file.setup = setup;
  CLI_LET(service, session.service(name));
  plan.service = service;
  if (service.category != "runtime" && service.category != "static" && !service.category.empty()) {
    return stop({Error(ErrorCode::kUnsupported,
                       fmt::format("service {} is a {} ({}): nothing can be deployed to it",
                                   name.text(), service.category, service.type)),
                 kExitFailure, fmt::format("croft service list --project {}", name.project)});
  }
  return plan;
}

// The version with its source uploaded.
Outcome<ApiVersion> upload(Session& session, Api& api, const Plan& plan, const Args& args) {
  Pool pool(1);  // compresses while the client sends
  // The caps are the server's defaults; it may allow less.
  auto pack = build::pack_folder(pool, plan.folder, build::ArchiveLimits{});
  if (!pack) return stop(std::move(pack).error().in(plan.name.text()));
  boost::json::object body{{"config", plan.file.text},
                           {"config_file", plan.file.name},
                           {"setup", plan.file.setup},
                           {"source", "cli"}};
  if (args.has("name")) body["name"] = args.text("name");
  CLI_LET(answer, api.post(service_path(plan.name, "/versions"), std::move(body)));
  CLI_LET(created, decode<ApiNewVersion>(answer));
  for (const ApiField& warning : created.warnings) session.out().warning(warning);
  session.out().progress(fmt::format("{}: version {} from {} files ({})", plan.name.text(),
                                     created.version.number, pack->size.files,
                                     bytes_text(static_cast<std::int64_t>(pack->size.bytes))));
  const InterruptMessage message("\ninterrupted: the upload stopped, nothing was deployed\n");
  CLI_TRY(api.call(
      {.method = "PUT",
       .path = service_path(plan.name, "/versions") + path_of({created.version.id, "source"}),
       .content_type = "application/zstd",
       .source = pack->stream.get(),
       .limit = kUploadLimit}));
  return created.version;
}

Outcome<void> report(Session& session, const Plan& plan, const ApiVersion& version,
                     const boost::json::value& ended) {
  if (session.out().json()) session.out().value(process_summary(ended));
  CLI_LET(process, decode<ApiProcess>(ended));
  CLI_TRY(judge_process(session, process));
  if (session.out().json()) return {};
  std::string took;
  const auto from = parse_rfc3339(process.created_at);
  const auto to = parse_rfc3339(process.finished_at.value_or(""));
  if (from && to)
    took = fmt::format(" after {:.1f} s", static_cast<double>((*to - *from).count()) / 1000);
  session.out().progress(session.out().paint_err(
      fmt::format("{}: version {} is live{}", plan.name.text(), version.number, took),
      Tone::kGood));
  if (process.result && !process.result->url.empty()) session.out().line(process.result->url);
  return {};
}

Outcome<void> run_deploy(Session& session, const Args& args) {
  CLI_LET(timeout, timeout_of(args));
  CLI_LET(plan, plan_of(session, args));
  CLI_LET(api, session.api());
  CLI_LET(version, upload(session, *api, plan, args));
  CLI_LET(started,
          api->post(service_path(plan.name, "/versions") + path_of({version.id, "deploy"})));
  CLI_LET(process, decode<ApiProcess>(started));
  if (args.has("detach")) {
    if (session.out().json()) {
      session.out().value(process_summary(started));
    } else {
      session.out().line(process.id);
      session.out().progress(fmt::format("follow it: croft process wait {} --log", process.id));
    }
    return {};
  }
  CLI_LET(ended, wait_for_process(session, process.id, {.follow_log = true, .timeout = timeout}));
  return report(session, plan, version, ended);
}

constexpr ArgSpec kArgs[] = {kServiceArg,
                             {.name = "DIR",
                              .help = "folder with the code; default: the current one",
                              .required = false,
                              .completes = Completes::kFile}};
constexpr OptionSpec kOptions[] = {
    {.name = "setup",
     .letter = 's',
     .value = "NAME",
     .help = "setup in the configuration file; default: the one named like the service"},
    {.name = "config",
     .value = "FILE",
     .help = "configuration file; default: croft.yml, zerops.yml or zerops.yaml in DIR",
     .completes = Completes::kFile},
    {.name = "name", .value = "NAME", .help = "what to call the version, such as a commit"},
    kDetach,
    kTimeout};

constexpr Command kCommands[] = {
    {.name = "deploy",
     .summary = "Build a folder of code and switch the service to it, without downtime",
     .args = kArgs,
     .options = kOptions,
     .examples = "croft deploy api\n"
                 "croft deploy shop/api ./backend --setup prod --name \"$(git describe)\"\n"
                 "croft deploy api --json | tail -1",
     .notes = "Sends the folder without .git and what .gitignore names; what .deployignore names "
              "is there for the\nbuild and left out of what runs.\n"
              "Follows the build, waits until the new version is healthy and prints its address. "
              "A failure\nleaves the old version serving (exit 6). Ctrl-C detaches; the deployment "
              "goes on. With --json\nthe last line is the process with status, version and url.",
     .run = run_deploy},
};

}  // namespace

std::span<const Command> deploy_commands() {
  return kCommands;
}

}  // namespace croft::cli
