// node list, show, label, drain, activate, remove
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/prompts.h"
#include "cli/session.h"
#include "net/url.h"

namespace croft::cli {
namespace {

// "disk=ssd rack=7" of a node's JSON.
std::string labels_text(const boost::json::value& node) {
  std::vector<std::string> words;
  const auto* labels = node.is_object() ? node.get_object().if_contains("labels") : nullptr;
  if (labels == nullptr || !labels->is_object()) return "-";
  for (const auto& [key, value] : labels->get_object()) {
    if (value.is_string()) {
      words.push_back(
          fmt::format("{}={}", std::string_view(key), std::string_view(value.get_string())));
    }
  }
  return words.empty() ? "-" : fmt::format("{}", fmt::join(words, " "));
}

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
      {"name", node.name},
      {"status", session.out().paint(node.status, tone_of(node.status))},
      {"id", node.id},
      {"zone", or_none(node.zone)},
      {"address", node.address},
      {"last report", session.time_text(node.last_seen_at)},
      {"labels", labels_text(answer)}};
  for (const auto& [name, value] : rows) {
    session.out().line(fmt::format("{:<12} {}", name, value));
  }
  return {};
}

std::string path_of_node(const Args& args, std::string_view verb = {}) {
  const std::string path = path_of({"nodes", args.text("node")});
  return verb.empty() ? path : fmt::format("{}/{}", path, verb);
}

// "key=value" sets a label, "key-" takes it away.
Outcome<boost::json::object> change_from(const Args& args) {
  boost::json::object body;
  boost::json::object labels;
  boost::json::array removed;
  if (args.has("zone")) body["zone"] = args.text("zone");
  for (const std::string& word : args.list("label")) {
    const auto equals = word.find('=');
    if (equals != std::string::npos && equals > 0) {
      labels[word.substr(0, equals)] = word.substr(equals + 1);
    } else if (word.size() > 1 && word.ends_with('-')) {
      removed.emplace_back(word.substr(0, word.size() - 1));
    } else {
      return stop_usage(fmt::format("'{}': expected KEY=VALUE, or KEY- to take it away", word));
    }
  }
  if (!labels.empty()) body["labels"] = std::move(labels);
  if (!removed.empty()) body["remove_labels"] = std::move(removed);
  if (body.empty()) return stop_usage("nothing to change: give KEY=VALUE, KEY- or --zone ZONE");
  return body;
}

Outcome<void> run_label(Session& session, const Args& args) {
  CLI_LET(body, change_from(args));
  CLI_LET(api, session.api());
  CLI_LET(answer, api->call({.method = "PATCH", .path = path_of_node(args), .body = body}));
  if (session.out().json()) {
    session.out().value(answer);
    return {};
  }
  CLI_LET(node, decode<ApiNode>(answer));
  session.out().progress(fmt::format("node {}: zone {}, labels {}", node.name, or_none(node.zone),
                                     labels_text(answer)));
  return {};
}

Outcome<void> set_availability(Session& session, const Args& args, std::string_view verb,
                               std::string_view done) {
  CLI_LET(api, session.api());
  CLI_LET(answer, api->post(path_of_node(args, verb)));
  if (session.out().json()) {
    session.out().value(answer);
    return {};
  }
  CLI_LET(node, decode<ApiNode>(answer));
  session.out().progress(fmt::format("node {}: {}", node.name, done));
  return {};
}

Outcome<void> run_drain(Session& session, const Args& args) {
  return set_availability(session, args, "drain",
                          "drained; nothing starts there, and what runs there moves away");
}

Outcome<void> run_activate(Session& session, const Args& args) {
  return set_availability(session, args, "activate", "active; containers may start there");
}

Outcome<void> run_remove(Session& session, const Args& args) {
  CLI_LET(api, session.api());
  CLI_LET(answer, api->get(path_of_node(args)));
  CLI_LET(node, decode<ApiNode>(answer));
  CLI_TRY(confirm_name(session, args,
                       fmt::format("Removing node {} makes the platform forget it", node.name),
                       node.name));
  CLI_LET(gone, api->call({.method = "DELETE", .path = path_of({"nodes", node.id})}));
  static_cast<void>(gone);
  session.out().progress(fmt::format("node {} removed", node.name));
  return {};
}

constexpr ArgSpec kNodeArg[] = {{.name = "NODE", .help = "name or id"}};
constexpr ArgSpec kLabelArgs[] = {kNodeArg[0],
                                  {.name = "LABEL",
                                   .help = "KEY=VALUE sets it, KEY- takes it away",
                                   .required = false,
                                   .repeated = true}};
constexpr OptionSpec kLabelOptions[] = {
    {.name = "zone", .value = "ZONE", .help = "failure domain of the machine; '' for none"}};
constexpr OptionSpec kRemoveOptions[] = {kConfirm};

constexpr Command kCommands[] = {
    {.name = "node list",
     .summary = "List the machines of the platform",
     .examples = "croft node list",
     .notes =
         "ready: its agent reported within the last 20 s. down: it did not. unknown: not since "
         "the control plane started.\ndrained: it reports, and nothing is started there.",
     .run = run_list},
    {.name = "node show",
     .summary = "Show a machine",
     .args = kNodeArg,
     .examples = "croft node show node1 --json",
     .run = run_show},
    {.name = "node label",
     .summary = "Set labels of a machine, and its zone",
     .args = kLabelArgs,
     .options = kLabelOptions,
     .examples = "croft node label node1 disk=ssd rack-\ncroft node label node2 --zone b",
     .notes = "Keys, values and zones: up to 63 letters, digits, '.', '_' and '-'. Needs an owner.",
     .run = run_label},
    {.name = "node drain",
     .summary = "Start nothing more on a machine, and what runs there elsewhere",
     .args = kNodeArg,
     .examples = "croft node drain node2",
     .notes = "Refused for the only active machine, and while services with data have it there.",
     .run = run_drain},
    {.name = "node activate",
     .summary = "Let containers start on a machine again",
     .args = kNodeArg,
     .examples = "croft node activate node1",
     .run = run_activate},
    {.name = "node remove",
     .summary = "Remove a drained machine from the platform",
     .args = kNodeArg,
     .options = kRemoveOptions,
     .examples = "croft node remove node2 --confirm node2",
     .notes =
         "Refused for the only machine, for that of the control plane, and for one that is not "
         "drained\nor on which something still runs.",
     .run = run_remove},
};

}  // namespace

std::span<const Command> node_commands() {
  return kCommands;
}

}  // namespace croft::cli
