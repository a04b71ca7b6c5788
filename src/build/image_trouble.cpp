#include "build/image_trouble.h"

#include <fmt/format.h>

#include <deque>
#include <sstream>

#include "build/registry_trouble.h"

namespace croft::build {
namespace {

constexpr std::size_t kKeptLines = 15;

std::vector<std::string> lines_of(const std::string& output) {
  std::vector<std::string> lines;
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  return lines;
}

std::string last_lines(const std::string& output) {
  std::deque<std::string> lines;
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    lines.push_back(line.substr(0, 300));
    if (lines.size() > kKeptLines) lines.pop_front();
  }
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

}  // namespace

Error build_trouble(std::string_view action, std::string_view reason, std::string_view output) {
  const std::string text(output);
  if (const auto trouble = find_registry_trouble(lines_of(text), {})) {
    return Error(ErrorCode::kUnavailable, fmt::format("{}: {}", action, describe(*trouble)),
                 last_lines(text));
  }
  if (text.find("No space left on device") != std::string::npos) {
    return Error(ErrorCode::kExhausted,
                 fmt::format("{}: no space left on the disk; free some and try again", action),
                 last_lines(text));
  }
  return Error(ErrorCode::kFailed,
               fmt::format("{}: {}; its last lines:{}", action, reason, last_lines(text)));
}

}  // namespace croft::build
