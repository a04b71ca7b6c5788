#include "cli/command.h"

#include <fmt/format.h>

#include <charconv>

namespace croft::cli {

std::string Args::text(std::string_view name, std::string_view otherwise) const {
  const auto found = values_.find(name);
  return std::string(found == values_.end() ? otherwise : std::string_view(found->second.back()));
}

std::vector<std::string> Args::list(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

Outcome<std::optional<int>> Args::number(std::string_view name, int min, int max) const {
  if (!has(name)) return std::nullopt;
  const std::string given = text(name);
  int value = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (error != std::errc() || end != given.data() + given.size() || value < min || value > max) {
    return stop_usage(
        fmt::format("{}: '{}' is not a whole number from {} to {}", name, given, min, max));
  }
  return value;
}

std::span<const OptionSpec> global_options() {
  static constexpr OptionSpec kOptions[] = {
      {.name = "project",
       .letter = 'p',
       .value = "NAME",
       .help = "project to work in, instead of the context's",
       .completes = Completes::kProject},
      {.name = "context",
       .value = "NAME",
       .help = "server and login to use, instead of the current ones",
       .completes = Completes::kContext},
      {.name = "json", .help = "data as JSON: one object or list, or one object a line"},
      {.name = "quiet", .letter = 'q', .help = "no progress on standard error"},
      {.name = "no-input", .help = "never ask: fail naming the option that is missing"},
      {.name = "no-color", .help = "no colours (as NO_COLOR does)"},
      {.name = "help", .letter = 'h', .help = "this help"},
  };
  return kOptions;
}

const Command* find_command(std::string_view name) {
  for (const Command* command : all_commands()) {
    if (command->name == name) return command;
  }
  return nullptr;
}

}  // namespace croft::cli
