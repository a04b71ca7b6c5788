#include <fmt/format.h>

#include <charconv>

#include "spec/yaml.h"

namespace croft::spec {

const MapEntry* Node::find(std::string_view key) const {
  for (const MapEntry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

bool Node::is_plain() const {
  return kind == NodeKind::kScalar && style == ScalarStyle::kPlain && tag.empty();
}

bool Node::is_null() const {
  if (kind != NodeKind::kScalar) return false;
  if (tag == "tag:yaml.org,2002:null") return true;
  return is_plain() &&
         (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

std::string_view Node::describe() const {
  if (kind == NodeKind::kSequence) return "a list";
  if (kind == NodeKind::kMapping) return "a mapping";
  if (is_null()) return "nothing";
  if (is_plain()) {
    if (text == "true" || text == "false") return "a boolean";
    double number = 0;
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, number).ptr == end) return "a number";
  }
  return "text";
}

std::string pointer_step(std::string_view token) {
  std::string result = "/";
  for (const char c : token) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

std::string pointer_step(std::size_t index) {
  return fmt::format("/{}", index);
}

}  // namespace croft::spec
