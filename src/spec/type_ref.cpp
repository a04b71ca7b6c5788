#include "spec/type_ref.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft::spec {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

bool is_name(std::string_view text) {
  return !text.empty() && is_lower(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_version(std::string_view text) {
  return !text.empty() && is_alnum(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || c == '.' || c == '+' || c == '-' || c == '_';
  });
}

bool is_bare_version(std::string_view text) {
  return !text.empty() && is_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
}

}  // namespace

std::string TypeRef::text() const {
  std::string result = os.empty() ? name : os + "/" + name;
  if (!variant.empty()) result += ":" + variant;
  if (!version.empty()) result += "@" + version;
  return result;
}

std::optional<TypeRef> parse_type_ref(std::string_view text, std::string_view os) {
  TypeRef ref;
  if (is_bare_version(text)) {
    ref.name = !os.empty() ? os : text.starts_with("3.") ? "alpine" : "ubuntu";
    ref.version = text;
    return ref;
  }
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    ref.os = text.substr(0, slash);
    text.remove_prefix(slash + 1);
    if (!is_name(ref.os)) return std::nullopt;
  }
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    ref.version = text.substr(at + 1);
    text = text.substr(0, at);
    if (!is_version(ref.version)) return std::nullopt;
  }
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    ref.variant = text.substr(colon + 1);
    text = text.substr(0, colon);
    if (!is_name(ref.variant)) return std::nullopt;
  }
  ref.name = text;
  if (!is_name(ref.name)) return std::nullopt;
  return ref;
}

std::string describe_unknown(const TypeUse& use, const TypeAnswer& answer) {
  if (answer.verdict == TypeAnswer::Verdict::kOk) return {};
  std::string message =
      answer.verdict == TypeAnswer::Verdict::kUnknownType
          ? fmt::format("the catalog has no type '{}'", use.text)
          : fmt::format("the catalog has no version of {} like '{}'", use.type.name, use.text);
  if (!answer.nearest.empty()) message += fmt::format("; the nearest is '{}'", answer.nearest);
  return message;
}

}  // namespace croft::spec
