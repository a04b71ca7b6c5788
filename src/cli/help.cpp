#include "cli/help.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/text.h"

namespace croft::cli {
namespace {

struct Group {
  std::string_view title;
  std::vector<std::string_view> commands;  // first words
};

// Not a constant: only help needs it, and no other command should pay for it.
std::vector<Group> groups() {
  return {{"Start", {"init", "login", "logout", "whoami", "context"}},
          {"Projects and services", {"project", "service"}},
          {"Deploy", {"deploy", "releases", "rollback", "open"}},
          {"Look", {"ps", "logs", "exec", "status", "process"}},
          {"Platform", {"node", "audit", "platform"}},
          {"Files and help", {"config", "doctor", "completion"}}};
}

constexpr std::string_view kExamples =
    "croft login https://croft.example.com\n"
    "croft init\n"
    "croft project create shop\n"
    "croft service create api --type nodejs@22 --project shop\n"
    "croft deploy shop/api\n"
    "croft logs shop/api -f";

constexpr std::string_view kAutomation =
    "In scripts: set CROFT_URL, CROFT_TOKEN and CROFT_PROJECT instead of logging in. Nothing asks "
    "questions\nwithout a terminal. Data goes to standard output, progress and errors to standard "
    "error.\n"
    "Exit codes: 0 ok, 1 failure, 2 usage, 3 not logged in or not allowed, 4 not found, "
    "5 conflict,\n6 deployment failed, 7 timed out, 8 server unreachable, 130 interrupted.";

std::string indented(std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    out += fmt::format("  {}\n", lines.substr(0, end));
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
  }
  return out;
}

std::string arguments_text(const Command& command) {
  std::string text;
  for (const ArgSpec& arg : command.args) {
    std::string one = fmt::format("{}{}", arg.name, arg.repeated ? "…" : "");
    if (!arg.required) one = "[" + one + "]";
    text += " " + one;
  }
  return text;
}

std::string option_text(const OptionSpec& option) {
  std::string text = option.letter != 0 ? fmt::format("-{}, ", option.letter) : "    ";
  text += fmt::format("--{}", option.name);
  if (!option.value.empty()) text += fmt::format(" {}", option.value);
  return text;
}

std::string indented_table(const std::vector<std::vector<std::string>>& rows) {
  return indented(format_table(rows));
}

std::string global_options_table() {
  std::vector<std::vector<std::string>> rows;
  for (const OptionSpec& option : global_options()) {
    rows.push_back({option_text(option), std::string(option.help)});
  }
  return indented_table(rows);
}

std::string command_help(const Command& command) {
  std::string out = fmt::format("{}\n\n", command.summary);
  if (!command.examples.empty()) out += "Examples:\n" + indented(command.examples) + "\n";
  out += fmt::format("Usage:\n  croft {}{} [options]\n", command.name, arguments_text(command));
  if (!command.args.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const ArgSpec& arg : command.args) {
      rows.push_back({std::string(arg.name), std::string(arg.help)});
    }
    out += "\n" + indented_table(rows);
  }
  std::vector<std::vector<std::string>> rows;
  for (const OptionSpec& option : command.options) {
    rows.push_back({option_text(option), std::string(option.help)});
  }
  if (!rows.empty()) out += "\nOptions:\n" + indented_table(rows);
  out += "\nOptions of every command:\n" + global_options_table();
  if (!command.notes.empty()) out += fmt::format("\n{}\n", command.notes);
  return out;
}

std::vector<std::vector<std::string>> command_rows(std::string_view prefix) {
  std::vector<std::vector<std::string>> rows;
  for (const Command* command : all_commands()) {
    const bool inside = command->name == prefix ||
                        (command->name.starts_with(prefix) && command->name[prefix.size()] == ' ');
    if (!inside || command->summary.empty()) continue;
    rows.push_back({fmt::format("croft {}{}", command->name, arguments_text(*command)),
                    std::string(command->summary)});
  }
  return rows;
}

std::string group_help(std::string_view topic) {
  return fmt::format("Commands:\n{}\ncroft {} COMMAND --help says more.\n",
                     indented_table(command_rows(topic)), topic);
}

std::string program_help() {
  std::string out = "croft: from a folder of code to a running, balanced service with a URL\n\n";
  out += "Examples:\n" + indented(kExamples);
  for (const Group& group : groups()) {
    std::vector<std::vector<std::string>> rows;
    for (const std::string_view word : group.commands) {
      auto inside = command_rows(word);
      rows.insert(rows.end(), inside.begin(), inside.end());
    }
    out += fmt::format("\n{}:\n{}", group.title, indented_table(rows));
  }
  out += fmt::format("\ncroft COMMAND --help says more about each; croft --version.\n\n{}\n",
                     kAutomation);
  return out;
}

}  // namespace

std::string help_text(std::string_view topic) {
  if (topic.empty()) return program_help();
  const Command* command = find_command(topic);
  if (command == nullptr) return group_help(topic);
  std::string text = command_help(*command);
  const auto inside = command_rows(topic);
  if (inside.size() > 1) text += "\nAlso:\n" + indented_table({inside.begin() + 1, inside.end()});
  return text;
}

std::string reference_markdown() {
  std::string out =
      "# croft: command reference\n\n"
      "Made by the program from its own help; a test compares. Do not edit: run\n"
      "`CROFT_WRITE_REFERENCE=1 build/dev/bin/croft_cli_test --gtest_filter=Reference.*`.\n\n"
      "```\n" +
      program_help() + "```\n\nOptions of every command:\n\n```\n" + global_options_table() +
      "```\n";
  for (const Command* command : all_commands()) {
    if (command->summary.empty()) continue;
    // The options of every command stand once, above.
    std::string text = command_help(*command);
    const auto begin = text.find("\nOptions of every command:");
    const auto notes =
        command->notes.empty() ? std::string() : fmt::format("\n{}\n", command->notes);
    text = text.substr(0, begin) + notes;
    out += fmt::format("\n## croft {}\n\n```\n{}```\n", command->name, text);
  }
  return out;
}

}  // namespace croft::cli
