#include "base/line_ring.h"

#include <algorithm>

namespace croft {
namespace {

// Length of the well-formed sequence at the front of `s` (RFC 3629), 0 when it is malformed.
std::size_t sequence_length(std::string_view s) {
  const auto byte = [&](std::size_t i) {
    return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) > 0x9F;
  const bool too_large = first == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

std::string to_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) out += "\xEF\xBF\xBD";
    out.append(bytes.substr(0, length));
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

void LineRing::feed(std::string_view piece, std::size_t source) {
  std::string& open = open_.at(source);
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    open.append(part.substr(0, kMaxLineBytes - std::min(kMaxLineBytes, open.size())));
    if (end == std::string_view::npos) return;
    finish_line(open);
    piece.remove_prefix(end + 1);
  }
}

void LineRing::finish_line(std::string& open) {
  if (open.ends_with('\r')) open.pop_back();
  lines_.push_back(std::move(open));
  open.clear();
  if (lines_.size() > kMaxLines) lines_.pop_front();
}

std::vector<std::string> LineRing::lines() const {
  std::vector<std::string> out;
  for (const std::string& line : lines_) out.push_back(to_utf8(line));
  for (const std::string& open : open_) {
    if (!open.empty()) out.push_back(to_utf8(open));
  }
  while (out.size() > kMaxLines) out.erase(out.begin());
  return out;
}

std::string LineRing::last_line() const {
  const auto all = lines();
  const auto found = std::find_if(all.rbegin(), all.rend(), [](const std::string& line) {
    return line.find_first_not_of(" \t") != std::string::npos;
  });
  return found == all.rend() ? std::string() : *found;
}

}  // namespace croft
