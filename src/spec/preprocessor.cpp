#include "spec/preprocessor.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "spec/pre_functions.h"

namespace croft::spec {
namespace {

enum class Section : unsigned char { kName, kParameters, kModifiers };

struct Parameter {
  std::string value;
  bool is_variable = true;  // until a literal is put in; then any further text makes it one again
};

// A string or function that has begun and not ended.
struct Item {
  bool is_function = false;
  Section section = Section::kName;
  std::string name;  // of a function; content of a string
  std::vector<Parameter> parameters;
  std::vector<std::string> modifiers;
  std::string indent;  // of the line it began on
  Position begun;
};

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n\v\f";
  const auto begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1));
}

class Preprocessor {
 public:
  Preprocessor(std::string_view text, const PreprocessOptions& options)
      : text_(text),
        options_(options),
        deadline_(options.clock.steady() + options.max_duration),
        functions_(options.random, options.clock, options.zoneinfo, options.throwaway, variables_) {
    result_.lines.push_back(1);
  }

  tl::expected<Preprocessed, PreprocessFailure> run();

 private:
  // Steps answer false when failure_ is set.
  bool step();
  bool begin_item();
  bool empty_item();
  bool end_item();
  bool read_in_function(std::string_view c);
  bool read_in_string(std::string_view c);
  Result<std::string> result_of(Item& item);
  Result<std::string> apply_modifiers(const Item& item, std::string value);
  Status count_call();
  // Text that is not looked at further, into the innermost item or the output.
  bool append(std::string_view text);
  void write(std::string_view text);
  bool fail_here(std::string message);

  std::string_view peek() const;  // the next character, empty at the end
  std::string_view next();

  std::string_view text_;
  const PreprocessOptions& options_;
  Millis deadline_;
  std::map<std::string, std::string> variables_;
  PreFunctions functions_;
  std::vector<Item> items_;
  Preprocessed result_;
  std::optional<PreprocessFailure> failure_;

  std::size_t offset_ = 0;
  Position at_{1, 0};
  std::string_view current_;
  std::string_view previous_;
  std::string indent_;
  bool in_indent_ = true;
};

std::string_view Preprocessor::peek() const {
  if (offset_ >= text_.size()) return {};
  std::size_t length = 1;
  while (offset_ + length < text_.size() &&
         (static_cast<unsigned char>(text_[offset_ + length]) & 0xC0) == 0x80) {
    ++length;
  }
  return text_.substr(offset_, length);
}

std::string_view Preprocessor::next() {
  previous_ = current_;
  current_ = peek();
  offset_ += current_.size();
  if (current_ == "\n") {
    ++at_.line;
    at_.column = 0;
    indent_.clear();
    in_indent_ = true;
    return current_;
  }
  ++at_.column;
  in_indent_ = in_indent_ && (current_ == " " || current_ == "\t");
  // The reference repeats the first of the line's indent characters.
  if (in_indent_) indent_ += indent_.empty() ? current_[0] : indent_[0];
  return current_;
}

bool Preprocessor::fail_here(std::string message) {
  PreprocessMeta meta;
  meta.function_calls = result_.calls;
  meta.function_calls_limit = options_.max_calls;
  meta.position = at_;
  meta.near = fmt::format("{}{}", previous_, current_);
  if (!items_.empty()) {
    const Item& item = items_.back();
    meta.item = item.name;
    meta.item_type = item.is_function ? "function" : "string";
    for (const Parameter& parameter : item.parameters) {
      meta.item_params.push_back(parameter.is_variable ? trimmed(parameter.value)
                                                       : parameter.value);
    }
  }
  failure_ = PreprocessFailure{std::move(message), std::move(meta)};
  return false;
}

void Preprocessor::write(std::string_view text) {
  for (const char c : text) {
    result_.text += c;
    if (c == '\n') result_.lines.push_back(at_.line);
  }
}

bool Preprocessor::append(std::string_view text) {
  std::string* target = &result_.text;
  if (!items_.empty()) {
    Item& item = items_.back();
    target = item.is_function ? &item.parameters.back().value : &item.name;
  }
  if (target->size() + text.size() > options_.max_output) {
    return fail_here(fmt::format("the result grows beyond {} bytes", options_.max_output));
  }
  if (items_.empty()) {
    write(text);
  } else {
    *target += text;
  }
  return true;
}

// After an unescaped `<`. The first character of a string is part of it whatever it is, but for
// those that have a meaning there.
bool Preprocessor::begin_item() {
  Item item;
  item.indent = indent_;
  item.begun = at_;
  if (peek() == "@") {
    next();
    item.is_function = true;
    item.parameters.emplace_back();
  } else if (const std::string_view first = peek();
             !first.empty() && first != "\\" && first != "<") {
    item.name = next();
  }
  items_.push_back(std::move(item));
  return true;
}

// `<>`: ordinary text, and between a function's braces an empty literal.
bool Preprocessor::empty_item() {
  if (items_.empty() || !items_.back().is_function) return append("<>");
  items_.back().parameters.back().is_variable = false;
  return true;
}

bool Preprocessor::read_in_function(std::string_view c) {
  Item& item = items_.back();
  if (c == "(") {
    if (item.section != Section::kName) return fail_here("opening brace at incorrect place");
    item.section = Section::kParameters;
    return true;
  }
  if (c == ")") {
    if (item.section != Section::kParameters) return fail_here("closing brace at incorrect place");
    item.section = Section::kModifiers;
    return true;
  }
  if (c == ",") {
    if (item.section != Section::kParameters) return fail_here("comma at incorrect place");
    item.parameters.emplace_back();
    return true;
  }
  if (item.section == Section::kName) {
    if (c == "|") return fail_here("modifier character is not allowed in a function name");
    item.name += c;
    return true;
  }
  if (item.section == Section::kParameters) {
    Parameter& parameter = item.parameters.back();
    if (parameter.value.empty() && c == " ") return true;
    if (c != " ") parameter.is_variable = true;
    parameter.value += c;
    return true;
  }
  if (c == "|") {
    item.modifiers.emplace_back();
  } else if (!item.modifiers.empty()) {
    item.modifiers.back() += c;
  } else if (c != " ") {
    return fail_here("invalid character after the closing brace, expected a space, | or >");
  }
  return true;
}

bool Preprocessor::read_in_string(std::string_view c) {
  Item& item = items_.back();
  if (c == "|") {
    item.section = Section::kModifiers;
    item.modifiers.emplace_back();
  } else if (item.section == Section::kModifiers) {
    item.modifiers.back() += c;
  } else {
    return append(c);
  }
  return true;
}

Status Preprocessor::count_call() {
  if (++result_.calls > options_.max_calls) {
    return fail(ErrorCode::kInvalid,
                fmt::format("max amount of function calls [{}] exceeded", options_.max_calls));
  }
  if (options_.clock.steady() > deadline_) {
    return fail(ErrorCode::kTimeout, fmt::format("preprocessing took longer than {} s",
                                                 options_.max_duration.count() / 1000));
  }
  return {};
}

Result<std::string> Preprocessor::apply_modifiers(const Item& item, std::string value) {
  for (const std::string& modifier : item.modifiers) {
    if (modifier.empty()) continue;  // `<a|>`, which the reference lets pass
    CROFT_TRY(count_call());
    auto modified = functions_.modify(trimmed(modifier), value);
    if (!modified) return modified;
    value = std::move(*modified);
    if (value.size() > options_.max_output) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("the result grows beyond {} bytes", options_.max_output));
    }
  }
  return value;
}

Result<std::string> Preprocessor::result_of(Item& item) {
  if (!item.is_function) return apply_modifiers(item, item.name);
  CROFT_TRY(count_call());
  std::vector<std::string> values;
  for (const Parameter& parameter : item.parameters) {
    if (!parameter.is_variable) {
      values.push_back(parameter.value);
      continue;
    }
    const std::string name = trimmed(parameter.value);
    const auto found = variables_.find(name);
    if (found == variables_.end()) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("variable [{}] not found; a literal is written <{}>",
                              name.substr(0, 80), name.substr(0, 80)));
    }
    values.push_back(found->second);
  }
  auto value = functions_.call(item.name, values);
  if (!value) return value;
  auto modified = apply_modifiers(item, std::move(*value));
  if (!modified || item.indent.empty()) return modified;
  // For use under `|`: each line gets the indentation of the line that the call stands on.
  std::string indented;
  for (const char c : *modified) {
    indented += c;
    if (c == '\n') indented += item.indent;
  }
  return indented;
}

bool Preprocessor::end_item() {
  auto value = result_of(items_.back());
  if (!value) return fail_here(value.error().message());
  items_.pop_back();
  if (!append(*value)) return false;
  if (!items_.empty() && items_.back().is_function) {
    items_.back().parameters.back().is_variable = false;
  }
  return true;
}

bool Preprocessor::step() {
  const std::string_view c = next();
  if (c == "\\") {
    // At the end of the text there is nothing to escape, and the backslash goes.
    return peek().empty() || append(next());
  }
  if (c == "<") {
    if (peek() == ">") {
      next();
      return empty_item();
    }
    return begin_item();
  }
  if (items_.empty()) return append(c);
  if (c == ">") return end_item();
  return items_.back().is_function ? read_in_function(c) : read_in_string(c);
}

tl::expected<Preprocessed, PreprocessFailure> Preprocessor::run() {
  while (offset_ < text_.size()) {
    if (!step()) return tl::unexpected(std::move(*failure_));
  }
  if (!items_.empty()) {
    at_ = items_.front().begun;
    fail_here("this < begins something that is never closed by >; write \\< for the character");
    return tl::unexpected(std::move(*failure_));
  }
  return std::move(result_);
}

bool is_switch(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line == "#yamlPreprocessor=on" || line == "#zeropsPreprocessor=on";
}

}  // namespace

bool is_preprocessor_on(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return is_switch(text.substr(0, text.find('\n')));
}

int misplaced_preprocessor_switch(std::string_view text) {
  if (is_preprocessor_on(text)) return 0;
  int number = 1;
  for (std::string_view rest = text;; ++number) {
    const auto end = rest.find('\n');
    if (number > 1 && is_switch(rest.substr(0, end))) return number;
    if (end == std::string_view::npos) return 0;
    rest.remove_prefix(end + 1);
  }
}

bool has_preprocessor_calls(std::string_view text) {
  for (auto at = text.find("<@"); at != std::string_view::npos; at = text.find("<@", at + 2)) {
    if (at == 0 || text[at - 1] != '\\') return true;
  }
  return false;
}

tl::expected<Preprocessed, PreprocessFailure> preprocess(std::string_view text,
                                                         const PreprocessOptions& options) {
  return Preprocessor(text, options).run();
}

}  // namespace croft::spec
