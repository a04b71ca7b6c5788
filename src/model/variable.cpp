#include "model/variable.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft {
namespace {

bool key_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool key_char(char c) {
  return key_start(c) || (c >= '0' && c <= '9');
}

// Length of the sequence a lead byte starts, and the smallest code point it may carry.
struct Lead {
  int length;
  std::uint32_t bits;
  std::uint32_t smallest;
};

Lead lead_of(unsigned char c) {
  if (c < 0x80) return {1, c, 0};
  if (c >= 0xc2 && c <= 0xdf) return {2, c & 0x1fu, 0x80};
  if (c >= 0xe0 && c <= 0xef) return {3, c & 0x0fu, 0x800};
  if (c >= 0xf0 && c <= 0xf4) return {4, c & 0x07u, 0x10000};
  return {0, 0, 0};
}

}  // namespace

std::string folded_key(std::string_view key) {
  std::string folded(key);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

bool is_valid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Lead lead = lead_of(static_cast<unsigned char>(text[at]));
    if (lead.length == 0 || text.size() - at < static_cast<std::size_t>(lead.length)) return false;
    std::uint32_t code = lead.bits;
    for (int i = 1; i < lead.length; ++i) {
      const auto c = static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
      if ((c & 0xc0u) != 0x80u) return false;
      code = (code << 6u) | (c & 0x3fu);
    }
    if (code < lead.smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    at += static_cast<std::size_t>(lead.length);
  }
  return true;
}

Status check_variable_key(std::string_view key) {
  if (key.empty() || key.size() > kMaxVariableKey || !key_start(key.front()) ||
      !std::all_of(key.begin(), key.end(), key_char)) {
    const std::string shown(key.substr(0, 40));
    return fail(ErrorCode::kInvalid,
                fmt::format("variable key \"{}\": use letters, digits and underscores, not "
                            "starting with a digit, at most {} characters",
                            is_valid_utf8(shown) ? shown : "?", kMaxVariableKey));
  }
  const std::string folded = folded_key(key);
  if (folded == "path") {
    return fail(ErrorCode::kInvalid,
                fmt::format("variable key \"{}\" belongs to the system; choose another name", key));
  }
  if (folded.starts_with("zerops")) {
    return fail(ErrorCode::kInvalid,
                fmt::format("variable key \"{}\": names that start with \"zerops\" are reserved; "
                            "choose another name",
                            key));
  }
  return {};
}

Status check_variable_value(std::string_view key, std::string_view value) {
  if (value.size() > kMaxVariableBytes) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("variable {}: the value has {} bytes, the limit is {}; put large "
                            "content into a file of the deployment",
                            key, value.size(), kMaxVariableBytes));
  }
  if (value.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::kInvalid,
                fmt::format("variable {}: the value holds a NUL byte, which no environment "
                            "variable can carry; encode it, as base64 for example",
                            key));
  }
  if (!is_valid_utf8(value)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("variable {}: the value is not valid UTF-8; encode binary content, as "
                            "base64 for example",
                            key));
  }
  return {};
}

}  // namespace croft
