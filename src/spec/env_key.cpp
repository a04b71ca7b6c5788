#include "spec/env_key.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft::spec {
namespace {

constexpr std::size_t kMaxKey = 255;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool is_env_key(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKey && is_letter(key.front()) &&
         std::ranges::all_of(key, [](char c) { return is_letter(c) || is_digit(c); });
}

bool is_reserved_env_key(std::string_view key) {
  return key == "PATH" || key.starts_with("zerops") || key.starts_with("croft");
}

std::string env_key_folded(std::string_view key) {
  std::string result(key);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string describe_env_key_error(std::string_view key) {
  if (!is_env_key(key)) {
    return fmt::format(
        "'{}' cannot name a variable: letters, digits and _ only, and no digit first",
        key.substr(0, kMaxKey));
  }
  if (is_reserved_env_key(key)) {
    return fmt::format("'{}' is set by the platform: choose another name", key);
  }
  return {};
}

}  // namespace croft::spec
