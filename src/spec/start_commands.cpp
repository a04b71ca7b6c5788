#include <fmt/format.h>

#include <algorithm>

#include "spec/keys.h"
#include "spec/setup_parser.h"

namespace croft::spec {
namespace {

// A login name or a uid; whether the image has it shows when the container starts.
void read_user(const Field& field, std::string& target, Complaints& out) {
  constexpr std::size_t kMaxName = 32;
  const auto text = read_text(field, out);
  if (!text) return;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           c == '-' || c == '.';
  };
  const bool number = std::ranges::all_of(*text, is_digit);
  const bool good = number ? text->size() <= 9
                           : std::ranges::all_of(*text, fits) && text->front() != '-' &&
                                 !is_digit(text->front()) && text->size() <= kMaxName;
  if (good) {
    target = *text;
  } else {
    out.error(field.at(), field.pointer,
              fmt::format("'{}' is no user: write a name of the image's users, such as root, or a "
                          "uid",
                          text->substr(0, 80)));
  }
}

}  // namespace

std::vector<StartCommand> read_start_commands(const Field& field, Complaints& out) {
  std::vector<StartCommand> result;
  for (const Field& item : read_items(field, out)) {
    const MapReader map(item, "startCommands", keys::kStartCommand, out);
    StartCommand start;
    if (const auto command = map.require("command")) {
      start.command = read_text(*command, out).value_or("");
    }
    if (const auto name = map.get("name")) {
      start.name = read_text(*name, out).value_or("");
      const auto twin = std::ranges::find(result, start.name, &StartCommand::name);
      if (!start.name.empty() && twin != result.end()) {
        out.error(name->at(), name->pointer,
                  fmt::format("another start command is named '{}'", start.name));
      }
    }
    map.string("workingDir", start.working_dir);
    if (const auto user = map.get("user")) read_user(*user, start.user, out);
    map.strings("initCommands", false, start.init_commands);
    result.push_back(std::move(start));
  }
  return result;
}

}  // namespace croft::spec
