// releases, rollback
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/process_wait.h"

namespace croft::cli {
namespace {

Outcome<void> run_releases(Session& session, const Args& args) {
  CLI_LET(name, session.service_name(args.text("service")));
  CLI_TRY(session.service(name));
  CLI_LET(limit, args.number("lines", 1, 10'000));
  CLI_LET(api, session.api());
  CLI_LET(items, api->list(service_path(name, "/versions"), {},
                           static_cast<std::size_t>(limit.value_or(20))));
  if (session.out().json()) {
    session.out().value(boost::json::array(items.begin(), items.end()));
    return {};
  }
  std::vector<std::vector<std::string>> rows{
      {"", "VERSION", "NAME", "STATUS", "SETUP", "CREATED", "BY"}};
  for (const auto& item : items) {
    CLI_LET(version, decode<ApiVersion>(item));
    rows.push_back({version.status == "active" ? "*" : "", std::to_string(version.number),
                    version.name.empty() ? "-" : version.name,
                    session.out().paint(version.status, tone_of(version.status)), version.setup,
                    session.time_text(version.created_at), version.created_by});
  }
  session.out().table(rows);
  return {};
}

Outcome<void> run_rollback(Session& session, const Args& args) {
  CLI_LET(name, session.service_name(args.text("service")));
  CLI_LET(before, session.service(name));
  CLI_LET(api, session.api());
  boost::json::object body;
  if (args.has("version")) body["version"] = args.text("version");
  CLI_LET(started, api->post(service_path(name, "/rollback"), std::move(body)));
  CLI_LET(process, decode<ApiProcess>(started));
  if (args.has("detach")) {
    if (session.out().json()) session.out().value(process_summary(started));
    if (!session.out().json()) session.out().line(process.id);
    return {};
  }
  WaitOptions options;
  CLI_LET(timeout, timeout_of(args));
  options.timeout = timeout;
  CLI_LET(ended, wait_for_process(session, process.id, options));
  if (session.out().json()) session.out().value(process_summary(ended));
  CLI_LET(result, decode<ApiProcess>(ended));
  CLI_TRY(judge_process(session, result));
  if (session.out().json()) return {};
  CLI_LET(after, session.service(name));
  session.out().progress(fmt::format("{}: version {} is active again, after {}", name.text(),
                                     after.active_version, before.active_version));
  if (!after.urls.empty()) session.out().line(after.urls.front());
  return {};
}

constexpr ArgSpec kServiceOnly[] = {kServiceArg};
constexpr ArgSpec kRollbackArgs[] = {
    kServiceArg,
    {.name = "VERSION",
     .help = "number, name or id (croft releases); default: the one active before",
     .required = false}};
constexpr OptionSpec kReleasesOptions[] = {
    {.name = "lines", .letter = 'n', .value = "N", .help = "at most so many; default 20"}};
constexpr OptionSpec kRollbackOptions[] = {kDetach, kTimeout};

constexpr Command kCommands[] = {
    {.name = "releases",
     .summary = "List the versions of a service, newest first",
     .args = kServiceOnly,
     .options = kReleasesOptions,
     .examples = "croft releases api\ncroft releases shop/api --json",
     .run = run_releases},
    {.name = "rollback",
     .summary = "Activate an older version with its configuration, without downtime",
     .args = kRollbackArgs,
     .options = kRollbackOptions,
     .examples = "croft rollback api\ncroft rollback api 12",
     .run = run_rollback},
};

}  // namespace

std::span<const Command> release_commands() {
  return kCommands;
}

}  // namespace croft::cli
