// node list, show
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/session.h"
#include "net/url.h"

namespace croft::cli {
namespace {

std::string or_none(const std::string& text) {
  return text.empty() ? "-" : text;
}

Outcome<void> run_list(Session& session, const Args&) {
  CLI_LET(api, session.api());
  CLI_LET(items, api->list("/nodes"));
  if (session.out().json()) {
    session.out().value(boost::json::array(items.begin(), items.end()));
    return {};
  }
  std::vector<std::vector<std::string>> rows{{"NAME", "STATUS", "ZONE", "ADDRESS", "LAST REPORT"}};
  for (const auto& item : items) {
    CLI_LET(node, decode<ApiNode>(item));
    rows.push_back({node.name, session.out().paint(node.status, tone_of(node.status)),
                    or_none(node.zone), node.address, session.time_text(node.last_seen_at)});
  }
  session.out().table(rows);
  return {};
}

Outcome<void> run_show(Session& session, const Args& args) {
  CLI_LET(api, session.api());
  CLI_LET(answer, api->get("/nodes/" + percent_encode(args.text("node"))));
  if (session.out().json()) {
    session.out().value(answer);
    return {};
  }
  CLI_LET(node, decode<ApiNode>(answer));
  const std::pair<const char*, std::string> rows[] = {
      {"name", node.name},       {"status", session.out().paint(node.status, tone_of(node.status))},
      {"id", node.id},           {"zone", or_none(node.zone)},
      {"address", node.address}, {"last report", session.time_text(node.last_seen_at)}};
  for (const auto& [name, value] : rows) {
    session.out().line(fmt::format("{:<12} {}", name, value));
  }
  return {};
}

constexpr ArgSpec kNodeArg[] = {{.name = "NODE", .help = "name or id"}};

constexpr Command kCommands[] = {
    {.name = "node list",
     .summary = "List the machines of the platform",
     .examples = "croft node list",
     .notes =
         "ready: its agent reported within the last 20 s. down: it did not. unknown: not since "
         "the control plane started.",
     .run = run_list},
    {.name = "node show",
     .summary = "Show a machine",
     .args = kNodeArg,
     .examples = "croft node show node1 --json",
     .run = run_show},
};

}  // namespace

std::span<const Command> node_commands() {
  return kCommands;
}

}  // namespace croft::cli
