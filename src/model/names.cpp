#include <algorithm>

#include "model/project.h"
#include "model/service.h"

namespace croft {
namespace {

bool lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool lower(char c) {
  return c >= 'a' && c <= 'z';
}

}  // namespace

bool valid_hostname(std::string_view hostname) {
  return !hostname.empty() && hostname.size() <= kMaxHostname && lower(hostname.front()) &&
         std::all_of(hostname.begin(), hostname.end(), lower_or_digit);
}

bool valid_project_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxProjectName || !lower(name.front()) || name.back() == '-') {
    return false;
  }
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool dash = name[i] == '-';
    if (!dash && !lower_or_digit(name[i])) return false;
    if (dash && name[i + 1] == '-') return false;
  }
  return true;
}

std::string project_name_from(std::string_view text) {
  std::string name;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (lower_or_digit(c)) {
      if (name.empty() && !lower(c)) continue;
      name.push_back(c);
    } else if (!name.empty() && name.back() != '-') {
      name.push_back('-');
    }
    if (name.size() == kMaxProjectName) break;
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

}  // namespace croft
