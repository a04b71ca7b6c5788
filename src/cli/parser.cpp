// The only translation unit that includes CLI11: it takes options and positional words apart; which
// command is meant, what is missing and what to say about it is decided here.
#include "cli/parser.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <deque>

#include "spec/suggest.h"

namespace croft::cli {
namespace {

bool is_option(std::string_view word) {
  return word.size() > 1 && word.starts_with('-');
}

const OptionSpec* global_option(std::string_view word) {
  for (const OptionSpec& option : global_options()) {
    const std::string text = fmt::format("--{}", option.name);
    if (word == text || (option.letter != 0 && word == fmt::format("-{}", option.letter))) {
      return &option;
    }
  }
  return nullptr;
}

// Whether some command's words begin with these.
bool is_prefix(const std::string& words) {
  return std::ranges::any_of(all_commands(), [&](const Command* command) {
    return command->name == words ||
           (command->name.starts_with(words) && command->name[words.size()] == ' ');
  });
}

struct Split {
  std::string topic;                    // words of the command or group
  std::vector<std::string> rest;        // what follows, and options that came before
  std::optional<std::string> bad_word;  // first word that is no command
};

Split split_command(const std::vector<std::string>& words) {
  Split split;
  bool in_command = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!in_command || is_option(word)) {
      split.rest.push_back(word);
      const OptionSpec* option = in_command ? global_option(word) : nullptr;
      if (option != nullptr && !option->value.empty() && i + 1 < words.size()) {
        split.rest.push_back(words[++i]);
      }
      if (word == "--") in_command = false;
      continue;
    }
    const std::string longer = split.topic.empty() ? word : split.topic + " " + word;
    if (is_prefix(longer)) {
      split.topic = longer;
      continue;
    }
    in_command = false;
    if (find_command(split.topic) == nullptr) split.bad_word = word;
    split.rest.push_back(word);
  }
  return split;
}

Failure unknown_command(const Split& split) {
  const std::string typed =
      split.topic.empty() ? *split.bad_word : split.topic + " " + *split.bad_word;
  std::vector<std::string> names;
  for (const Command* command : all_commands()) names.emplace_back(command->name);
  const std::string near = spec::nearest(typed, names);
  std::string hint =
      near.empty() ? fmt::format("croft {}{}--help", split.topic, split.topic.empty() ? "" : " ")
                   : fmt::format("did you mean: croft {}", near);
  return {Error(ErrorCode::kInvalid, fmt::format("unknown command '{}'", typed)), kExitUsage,
          std::move(hint)};
}

// CLI11's view of one command. Its strings stand in deques: options keep pointers to them.
struct Parsed {
  std::deque<std::pair<std::string, std::vector<std::string>>> values;
  std::deque<std::pair<std::string, bool>> flags;
};

void declare_option(CLI::App& app, const OptionSpec& option, Parsed& parsed) {
  std::string names = fmt::format("--{}", option.name);
  if (option.letter != 0) names = fmt::format("-{},{}", option.letter, names);
  if (option.value.empty()) {
    auto& [name, on] = parsed.flags.emplace_back(option.name, false);
    app.add_flag(names, on);
    return;
  }
  auto& [name, values] = parsed.values.emplace_back(option.name, std::vector<std::string>());
  app.add_option(names, values)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(option.repeated ? CLI::MultiOptionPolicy::TakeAll
                                            : CLI::MultiOptionPolicy::TakeLast);
}

std::string key_of(const ArgSpec& arg) {
  std::string key(arg.name);
  std::ranges::transform(key, key.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return key;
}

std::string usage_of(const Command& command) {
  return fmt::format("croft {} --help", command.name);
}

Failure unknown_option(const Command& command, const std::string& word) {
  std::vector<std::string> known;
  for (const OptionSpec& option : command.options)
    known.push_back(fmt::format("--{}", option.name));
  for (const OptionSpec& option : global_options())
    known.push_back(fmt::format("--{}", option.name));
  const std::string typed = word.substr(0, word.find('='));
  const std::string near = spec::nearest(typed, known);
  return {
      Error(ErrorCode::kInvalid, fmt::format("croft {}: unknown option {}", command.name, typed)),
      kExitUsage, near.empty() ? usage_of(command) : fmt::format("did you mean {}?", near)};
}

// Gives positional words their names; `tail` are those behind `--`.
Outcome<void> name_positionals(const Command& command, std::vector<std::string> words,
                               const std::vector<std::string>& tail, Args& args) {
  for (const std::string& word : words) {
    if (is_option(word)) return stop(unknown_option(command, word));
  }
  words.insert(words.end(), tail.begin(), tail.end());
  std::size_t next = 0;
  for (const ArgSpec& arg : command.args) {
    const std::size_t before = next;
    while (next < words.size() && (next == before || arg.repeated)) {
      args.add(key_of(arg), words[next++]);
    }
    if (next == before && arg.required) {
      return stop_usage(fmt::format("croft {}: {} is missing", command.name, arg.name),
                        usage_of(command));
    }
  }
  if (next < words.size()) {
    return stop_usage(fmt::format("croft {}: '{}' is too much", command.name, words[next]),
                      usage_of(command));
  }
  return {};
}

Outcome<void> parse_arguments(const Command& command, std::vector<std::string> words, Args& args) {
  std::vector<std::string> tail;
  const auto mark = std::ranges::find(words, "--");
  if (mark != words.end()) {
    tail.assign(mark + 1, words.end());
    words.erase(mark, words.end());
  }
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  Parsed parsed;
  for (const OptionSpec& option : command.options) declare_option(app, option, parsed);
  for (const OptionSpec& option : global_options()) declare_option(app, option, parsed);
  try {
    std::ranges::reverse(words);  // CLI11 takes them from the back
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return stop_usage(fmt::format("croft {}: {}", command.name, error.what()), usage_of(command));
  }
  for (auto& [name, values] : parsed.values) {
    for (std::string& value : values) args.add(name, std::move(value));
  }
  for (const auto& [name, on] : parsed.flags) {
    if (on) args.add(name, "true");
  }
  return name_positionals(command, app.remaining(), tail, args);
}

}  // namespace

Outcome<Invocation> parse_command_line(const std::vector<std::string>& words) {
  if (!words.empty() && words.front() == "help") {
    std::vector<std::string> topic(words.begin() + 1, words.end());
    topic.emplace_back("--help");
    return parse_command_line(topic);
  }
  const Split split = split_command(words);
  Invocation invocation;
  const auto given = [&](std::string_view option) {
    const auto end = std::ranges::find(split.rest, "--");
    return std::find(split.rest.begin(), end, option) != end;
  };
  if (split.topic.empty() && !split.bad_word && given("--version")) {
    invocation.what = Invocation::What::kVersion;
    return invocation;
  }
  if (split.bad_word) return stop(unknown_command(split));
  if (given("--help") || given("-h") || (split.topic.empty() && split.rest.empty())) {
    invocation.what = Invocation::What::kHelp;
    invocation.topic = split.topic;
    return invocation;
  }
  const Command* command = find_command(split.topic);
  if (command == nullptr) {
    return stop_usage(split.topic.empty()
                          ? fmt::format("{}: a command is missing", split.rest.front())
                          : fmt::format("croft {}: which command of this group?", split.topic),
                      fmt::format("croft {}{}--help", split.topic, split.topic.empty() ? "" : " "));
  }
  invocation.command = command;
  CLI_TRY(parse_arguments(*command, split.rest, invocation.args));
  const Args& args = invocation.args;
  invocation.options = {args.has("json"),  args.has("no-color"), args.has("no-input"),
                        args.has("quiet"), args.text("project"), args.text("context")};
  return invocation;
}

bool wants_json(const std::vector<std::string>& words) {
  const auto end = std::ranges::find(words, "--");
  return std::find(words.begin(), end, "--json") != end;
}

}  // namespace croft::cli
