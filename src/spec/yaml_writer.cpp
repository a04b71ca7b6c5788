#include "spec/yaml_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "spec/utf8.h"

namespace croft::spec {
namespace {

constexpr std::size_t kIndent = 2;

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '_' || c == '.' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Text that other readers could take for a boolean, null or a number must be quoted.
bool has_other_meaning(std::string_view value) {
  std::string lower(value);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (const std::string_view word :
       {"true", "false", "yes", "no", "on", "off", "y", "n", "null", ".inf", ".nan", "<<"}) {
    if (lower == word) return true;
  }
  const char second = value.size() > 1 ? value[1] : '\0';
  return is_digit(value.front()) || (value.front() == '.' && is_digit(second));
}

bool can_be_plain(std::string_view value) {
  if (value.empty() || !is_word_start(value.front()) || has_other_meaning(value)) return false;
  if (value.back() == ' ' || value.back() == ':') return false;
  if (value.starts_with("---") || value.starts_with("...")) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (c < 0x20 || c == 0x7F) return false;
    if (c == ':' && i + 1 < value.size() && value[i + 1] == ' ') return false;
    if (c == '#' && i > 0 && value[i - 1] == ' ') return false;
  }
  // Line separators and the like, which YAML treats as breaks, start with these bytes.
  return value.find("\xC2") == std::string_view::npos &&
         value.find("\xE2\x80") == std::string_view::npos &&
         value.find("\xEF") == std::string_view::npos;
}

// A literal block keeps text exactly when no line needs an escape and the first has no indentation.
bool can_be_block(std::string_view value) {
  if (value.find('\n') == std::string_view::npos || value.front() == '\n' || value.front() == ' ' ||
      value.find('\t') != std::string_view::npos || value.find('\r') != std::string_view::npos ||
      find_control_character(value) || value.find("\xC2") != std::string_view::npos ||
      value.find("\xE2\x80") != std::string_view::npos ||
      value.find("\xEF") != std::string_view::npos) {
    return false;
  }
  return value.find(" \n") == std::string_view::npos && value.back() != ' ';
}

// Appends the first character of `value` as it stands in double quotes; its length in bytes.
std::size_t append_escaped(std::string_view value, std::string& out) {
  const char c = value.front();
  const auto byte = static_cast<unsigned char>(c);
  switch (c) {
    case '"':
      out += "\\\"";
      return 1;
    case '\\':
      out += "\\\\";
      return 1;
    case '\n':
      out += "\\n";
      return 1;
    case '\r':
      out += "\\r";
      return 1;
    case '\t':
      out += "\\t";
      return 1;
    default:
      break;
  }
  if (byte < 0x20 || byte == 0x7F) {
    out += fmt::format("\\x{:02X}", byte);
    return 1;
  }
  // C1 controls with U+0085, and the characters that YAML takes for line breaks or does not print.
  if (byte == 0xC2 && value.size() > 1 && static_cast<unsigned char>(value[1]) < 0xA0) {
    out += fmt::format("\\x{:02X}", static_cast<unsigned char>(value[1]));
    return 2;
  }
  constexpr std::pair<std::string_view, std::string_view> kSpecial[] = {
      {"\xE2\x80\xA8", "\\L"},
      {"\xE2\x80\xA9", "\\P"},
      {"\xEF\xBB\xBF", "\\uFEFF"},
      {"\xEF\xBF\xBE", "\\uFFFE"},
      {"\xEF\xBF\xBF", "\\uFFFF"}};
  for (const auto& [text, escape] : kSpecial) {
    if (!value.starts_with(text)) continue;
    out += escape;
    return text.size();
  }
  out += c;
  return 1;
}

}  // namespace

std::string yaml_quoted(std::string_view value) {
  if (can_be_plain(value)) return std::string(value);
  std::string result = "\"";
  while (!value.empty()) {
    const std::size_t length = append_escaped(value, result);
    value.remove_prefix(length);
  }
  return result + "\"";
}

void YamlWriter::start_line(std::string_view key) {
  if (item_) {
    out_ += std::string((level_ - 1) * kIndent, ' ') + "- ";
    item_ = false;
  } else {
    out_ += std::string(level_ * kIndent, ' ');
  }
  if (!key.empty()) out_ += yaml_quoted(key) + ":";
}

// After "key:" or "- ", which `out_` ends with.
void YamlWriter::scalar(std::string_view value) {
  if (out_.back() == ':') out_ += ' ';
  if (!can_be_block(value)) {
    out_ += yaml_quoted(value) + "\n";
    return;
  }
  const auto last = value.find_last_not_of('\n');
  const std::size_t ends = value.size() - last - 1;
  out_ += ends == 0 ? "|-\n" : ends == 1 ? "|\n" : "|+\n";
  const std::string indent((level_ + 1) * kIndent, ' ');
  std::string_view rest = ends == 0 ? value : value.substr(0, value.size() - 1);
  while (true) {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (!line.empty()) out_ += indent;
    out_ += std::string(line) + "\n";
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
}

void YamlWriter::text(std::string_view key, std::string_view value) {
  start_line(key);
  scalar(value);
}

void YamlWriter::plain(std::string_view key, std::string_view value) {
  start_line(key);
  out_ += fmt::format("{}{}\n", key.empty() ? "" : " ", value);
}

void YamlWriter::integer(std::string_view key, const std::optional<int>& value) {
  if (value) plain(key, fmt::format("{}", *value));
}

void YamlWriter::number(std::string_view key, const std::optional<double>& value) {
  if (value) plain(key, fmt::format("{}", *value));
}

void YamlWriter::boolean(std::string_view key, const std::optional<bool>& value) {
  if (value) plain(key, *value ? "true" : "false");
}

void YamlWriter::texts(std::string_view key, const std::vector<std::string>& values) {
  if (values.empty()) return;
  begin(key);
  for (const std::string& value : values) {
    begin_item();
    text("", value);
    end();
  }
  end();
}

void YamlWriter::node(std::string_view key, const Node& value) {
  start_line(key);
  node_value(value);
}

void YamlWriter::node_value(const Node& value) {
  if (value.kind == NodeKind::kScalar) {
    if (value.is_null()) {
      out_ += out_.back() == ':' ? " null\n" : "null\n";
    } else if (value.is_plain() && value.text.find('\n') == std::string::npos) {
      // Numbers and booleans stay what they are.
      const bool quoted = !can_be_plain(value.text) && !has_other_meaning(value.text);
      out_ += out_.back() == ':' ? " " : "";
      out_ += (quoted ? yaml_quoted(value.text) : value.text) + "\n";
    } else {
      scalar(value.text);
    }
    return;
  }
  if (value.items.empty() && value.entries.empty()) {
    out_ += out_.back() == ':' ? " " : "";
    out_ += value.kind == NodeKind::kSequence ? "[]\n" : "{}\n";
    return;
  }
  const bool nested_item = out_.ends_with("- ");
  if (!nested_item) out_ += "\n";
  ++level_;
  bool first = nested_item;
  for (const NodePtr& item : value.items) {
    // A list directly in a list goes on the same line as the outer dash.
    if (!first) out_ += std::string(level_ * kIndent, ' ');
    out_ += "- ";
    first = false;
    node_value(*item);
  }
  for (const MapEntry& entry : value.entries) {
    if (!first) out_ += std::string(level_ * kIndent, ' ');
    out_ += yaml_quoted(entry.key) + ":";
    first = false;
    node_value(*entry.value);
  }
  --level_;
}

void YamlWriter::begin(std::string_view key) {
  start_line(key);
  out_ += "\n";
  ++level_;
}

void YamlWriter::begin_item() {
  ++level_;
  item_ = true;
}

void YamlWriter::end() {
  check(level_ > 0, "YamlWriter::end without begin");
  --level_;
}

}  // namespace croft::spec
