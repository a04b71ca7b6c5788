#include "spec/path_match.h"

#include <cctype>
#include <cstdint>
#include <optional>

namespace croft::spec {
namespace {

// The character at the front of `text`, taken off. Bytes that are not UTF-8 stand for themselves.
char32_t take(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t value = length == 1 ? lead : lead & (0x7Fu >> length);
  if (length > text.size()) {
    text.remove_prefix(1);
    return lead;
  }
  for (std::size_t i = 1; i < length; ++i) {
    // Not a character after all: a slash behind a stray byte stays a slash.
    if ((static_cast<unsigned char>(text[i]) & 0xC0u) != 0x80u) {
      text.remove_prefix(1);
      return lead;
    }
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  text.remove_prefix(length);
  return value;
}

bool in_class(std::string_view name, char32_t c) {
  if (c > 0x7F) return false;
  const int value = static_cast<int>(c);
  if (name == "alnum") return std::isalnum(value) != 0;
  if (name == "alpha") return std::isalpha(value) != 0;
  if (name == "blank") return value == ' ' || value == '\t';
  if (name == "cntrl") return std::iscntrl(value) != 0;
  if (name == "digit") return std::isdigit(value) != 0;
  if (name == "graph") return std::isgraph(value) != 0;
  if (name == "lower") return std::islower(value) != 0;
  if (name == "print") return std::isprint(value) != 0;
  if (name == "punct") return std::ispunct(value) != 0;
  if (name == "space") return std::isspace(value) != 0;
  if (name == "upper") return std::isupper(value) != 0;
  if (name == "xdigit") return std::isxdigit(value) != 0;
  return false;
}

// One element of a pattern: a character, `?`, `*` or a set, matched against one character.
class Pattern {
 public:
  Pattern(std::string_view text, bool git) : rest_(text), git_(git) {}

  bool done() const { return rest_.empty(); }
  bool at_star() const { return !rest_.empty() && rest_.front() == '*'; }
  void skip_stars() {
    while (at_star()) rest_.remove_prefix(1);
  }

  // Whether the next element matches `c`, which is no slash or, for an ordinary character, may be
  // one; takes it off. nullopt: malformed. `c` of 0 matches nothing and serves to check the form.
  std::optional<bool> matches(char32_t c) {
    const char first = rest_.front();
    if (first == '?') {
      rest_.remove_prefix(1);
      return c != '/';
    }
    if (first == '[') {
      const std::string_view before = rest_;
      rest_.remove_prefix(1);
      const auto result = matches_set(c);
      if (result || !git_) return result;
      rest_ = before;
    } else if (first == '\\') {
      rest_.remove_prefix(1);
      if (rest_.empty()) return std::nullopt;
    }
    return take(rest_) == c;
  }

 private:
  // One bound of a range in a set.
  std::optional<char32_t> take_bound() {
    if (rest_.empty() || (!git_ && (rest_.front() == '-' || rest_.front() == ']'))) {
      return std::nullopt;
    }
    if (rest_.front() == '\\') rest_.remove_prefix(1);
    if (rest_.empty()) return std::nullopt;
    return take(rest_);
  }

  std::optional<bool> matches_set(char32_t c) {
    bool negated = false;
    if (!rest_.empty() && (rest_.front() == '^' || (git_ && rest_.front() == '!'))) {
      negated = true;
      rest_.remove_prefix(1);
    }
    bool found = false;
    bool first = true;
    while (true) {
      if (rest_.empty()) return std::nullopt;
      if (rest_.front() == ']' && !first) {
        rest_.remove_prefix(1);
        return c != '/' && found != negated;
      }
      first = false;
      if (git_ && rest_.starts_with("[:")) {
        const auto end = rest_.find(":]");
        if (end == std::string_view::npos) return std::nullopt;
        found = found || in_class(rest_.substr(2, end - 2), c);
        rest_.remove_prefix(end + 2);
        continue;
      }
      const auto low = take_bound();
      if (!low) return std::nullopt;
      auto high = low;
      const bool range = rest_.starts_with('-') && (!git_ || !rest_.starts_with("-]"));
      if (range) {
        rest_.remove_prefix(1);
        high = take_bound();
        if (!high) return std::nullopt;
      }
      found = found || (*low <= c && c <= *high);
    }
  }

  std::string_view rest_;
  bool git_;
};

// Greedy with one way back, to the last star: a star before it never has to match more.
bool match(std::string_view pattern_text, std::string_view text, bool git) {
  Pattern pattern(pattern_text, git);
  std::optional<Pattern> after_star;
  std::string_view star_text;
  while (true) {
    if (pattern.at_star()) {
      pattern.skip_stars();
      after_star = pattern;
      star_text = text;
      continue;
    }
    if (text.empty() && pattern.done()) return true;
    if (!text.empty() && !pattern.done()) {
      const auto hit = pattern.matches(take(text));
      if (!hit) return false;
      if (*hit) continue;
    } else if (text.empty() && !pattern.done()) {
      return false;
    }
    if (!after_star || star_text.empty() || star_text.front() == '/') return false;
    take(star_text);
    text = star_text;
    pattern = *after_star;
  }
}

}  // namespace

bool path_match(std::string_view pattern, std::string_view path) {
  return is_path_pattern(pattern) && match(pattern, path, false);
}

bool is_path_pattern(std::string_view pattern) {
  Pattern rest(pattern, false);
  while (!rest.done()) {
    if (rest.at_star()) {
      rest.skip_stars();
    } else if (!rest.matches(0)) {
      return false;
    }
  }
  return true;
}

bool match_step(std::string_view pattern, std::string_view step) {
  return match(pattern, step, true);
}

}  // namespace croft::spec
