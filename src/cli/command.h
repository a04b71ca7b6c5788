// One command of the program as data: parsing, help, completion and docs/cli.md all come from here.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"

namespace croft::cli {

class Session;

// What completion offers for a value.
enum class Completes : unsigned char { kNothing, kService, kProject, kFile, kContext, kShell };

struct ArgSpec {
  std::string_view name;  // upper case, as in the usage line
  std::string_view help;
  bool required = true;
  bool repeated = false;  // only the last one may be
  Completes completes = Completes::kNothing;
};

struct OptionSpec {
  std::string_view name;   // without dashes
  char letter = 0;         // 0: none
  std::string_view value;  // name of its value in the usage line; empty: a flag
  std::string_view help;
  bool repeated = false;
  Completes completes = Completes::kNothing;
};

// What was given on the command line, by name (positional ones by their name in lower case).
class Args {
 public:
  bool has(std::string_view name) const { return values_.contains(name); }
  // The value, or `otherwise`.
  std::string text(std::string_view name, std::string_view otherwise = {}) const;
  std::vector<std::string> list(std::string_view name) const;
  // Decimal digits within [min, max]; a usage failure names the option.
  Outcome<std::optional<int>> number(std::string_view name, int min, int max) const;
  void add(std::string name, std::string value) { values_[std::move(name)].push_back(value); }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

using RunFn = Outcome<void> (*)(Session& session, const Args& args);

struct Command {
  std::string_view name;  // all words: "project env set"
  std::string_view summary;
  std::span<const ArgSpec> args;
  std::span<const OptionSpec> options;
  std::string_view examples;  // one per line, without the prompt
  std::string_view notes;     // after the options; may be empty
  RunFn run;
};

// Options that every command takes: json, project, context, no-color, no-input, help.
std::span<const OptionSpec> global_options();

// Every command, in the order in which help lists them.
std::span<const Command* const> all_commands();
// The command of exactly these words; null when there is none.
const Command* find_command(std::string_view name);

}  // namespace croft::cli
