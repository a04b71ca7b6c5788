#include <fmt/format.h>

#include <array>

#include "build/archive.h"
#include "spec/utf8.h"

namespace croft::build {
namespace {

constexpr std::size_t kMaxStepBytes = 255;

tl::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

// U+202A…U+202E and U+2066…U+2069 turn the direction of what follows: a name can look like another.
bool has_direction_override(std::string_view text) {
  for (std::size_t i = text.find('\xE2'); i != std::string_view::npos;
       i = text.find('\xE2', i + 1)) {
    const auto second = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    const auto third = i + 2 < text.size() ? static_cast<unsigned char>(text[i + 2]) : 0;
    if (second == 0x80 && third >= 0xAA && third <= 0xAE) return true;
    if (second == 0x81 && third >= 0xA6 && third <= 0xA9) return true;
  }
  return false;
}

bool has_control_character(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

// "..\x" is a way up for some tools.
bool climbs(std::string_view step) {
  for (;;) {
    const auto end = step.find('\\');
    if (step.substr(0, end) == "..") return true;
    if (end == std::string_view::npos) return false;
    step.remove_prefix(end + 1);
  }
}

}  // namespace

Result<std::string> check_entry_path(std::string_view path) {
  if (path.size() > kMaxPathBytes) {
    return refuse(
        fmt::format("a path is {} bytes long, the limit is {}", path.size(), kMaxPathBytes));
  }
  if (has_control_character(path)) return refuse("a path holds a control character");
  if (spec::find_invalid_utf8(path)) return refuse("a path is not UTF-8");
  if (has_direction_override(path))
    return refuse("a path holds a character that turns its reading");
  if (path.starts_with('/')) return refuse(fmt::format("{}: the path is absolute", path));
  std::string normal;
  for (std::string_view rest = path; !rest.empty();) {
    const auto end = std::min(rest.find('/'), rest.size());
    const std::string_view step = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (step.empty() || step == ".") continue;
    if (climbs(step)) return refuse(fmt::format("{}: the path leads out of the archive", path));
    if (step.size() > kMaxStepBytes) {
      return refuse(fmt::format("{}: a name is longer than {} bytes", path, kMaxStepBytes));
    }
    if (!normal.empty()) normal += '/';
    normal += step;
  }
  return normal;
}

bool link_stays_inside(std::string_view path, std::string_view target) {
  if (target.empty() || target.starts_with('/')) return false;
  long depth = -1;  // of the folder that the link stands in
  for (std::size_t i = 0; i != std::string_view::npos; i = path.find('/', i + 1)) ++depth;
  bool named = false;
  while (!target.empty()) {
    const auto end = std::min(target.find('/'), target.size());
    const std::string_view step = target.substr(0, end);
    target.remove_prefix(std::min(end + 1, target.size()));
    if (step.empty() || step == ".") continue;
    if (step != "..") {
      named = true;
      continue;
    }
    // What was named may be a link to a place higher up: with d -> ../.., d/../x is outside.
    if (named || --depth < 0) return false;
  }
  return true;
}

}  // namespace croft::build
