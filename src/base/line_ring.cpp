#include "base/line_ring.h"

#include <algorithm>

#include "base/utf8.h"

namespace croft {

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
  for (const std::string& line : lines_) out.push_back(to_valid_utf8(line));
  for (const std::string& open : open_) {
    if (!open.empty()) out.push_back(to_valid_utf8(open));
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
