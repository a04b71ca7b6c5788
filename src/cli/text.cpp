#include "cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace croft::cli {
namespace {

bool is_utf8_tail(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Length of the SGR sequence that `text` begins with: ESC [ digits and ; m. 0: it does not.
std::size_t sgr_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  std::size_t i = 2;
  while (i < text.size() && ((text[i] >= '0' && text[i] <= '9') || text[i] == ';')) ++i;
  return i < text.size() && text[i] == 'm' ? i + 1 : 0;
}

// U+0080 to U+009F, which terminals may take as commands, are C2 80 to C2 9F in UTF-8.
bool is_c1(std::string_view text) {
  return text.size() >= 2 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) >= 0x80 &&
         static_cast<unsigned char>(text[1]) < 0xA0;
}

}  // namespace

std::string safe_text(std::string_view text, Escapes escapes) {
  std::string out;
  out.reserve(text.size());
  bool coloured = false;
  while (!text.empty()) {
    const char c = text[0];
    if (const std::size_t sgr = sgr_length(text); sgr > 0) {
      if (escapes == Escapes::kColours) out.append(text.substr(0, sgr));
      coloured = escapes == Escapes::kColours;
      text.remove_prefix(sgr);
      continue;
    }
    if (is_c1(text)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[1]));
      text.remove_prefix(2);
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
      out += {'^', static_cast<char>(c + '@')};
    } else if (c == '\x7f') {
      out += "^?";
    } else {
      out.push_back(c);
    }
    text.remove_prefix(1);
  }
  if (coloured) out += "\x1b[0m";  // a colour must not leak into the next line
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    if (const std::size_t sgr = sgr_length(text); sgr > 0) {
      text.remove_prefix(sgr);
      continue;
    }
    if (!is_utf8_tail(text[0])) ++width;
    text.remove_prefix(1);
  }
  return width;
}

std::string relative_time(Timestamp time, Timestamp now) {
  const std::int64_t seconds = (now - time).count() / 1000;
  if (seconds < 1) return "just now";
  if (seconds < 120) return fmt::format("{}s ago", seconds);
  if (seconds < 120 * 60) return fmt::format("{}m ago", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h ago", seconds / 3600);
  return fmt::format("{}d ago", seconds / 86'400);
}

std::string bytes_text(std::int64_t bytes) {
  static constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string format_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - display_width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace croft::cli
