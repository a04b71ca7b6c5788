#include "spec/dotenv.h"

#include <fmt/format.h>

namespace croft::spec {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

class DotenvParser {
 public:
  explicit DotenvParser(std::string_view text) : rest_(text) {}

  Result<std::vector<DotenvEntry>> run() {
    std::vector<DotenvEntry> entries;
    while (!rest_.empty()) {
      ++line_;
      const std::string_view line = trimmed(rest_.substr(0, rest_.find('\n')));
      if (line.empty() || line.starts_with('#')) {
        skip_line();
        continue;
      }
      auto entry = parse_entry();
      if (!entry) return fail(std::move(entry).error());
      entries.push_back(std::move(*entry));
    }
    return entries;
  }

 private:
  tl::unexpected<Error> wrong(std::string_view what) const {
    return fail(Error(ErrorCode::kInvalid, fmt::format("line {}: {}", line_, what))
                    .with_field({.message = std::string(what), .line = line_}));
  }

  void skip_line() {
    const auto end = rest_.find('\n');
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
  }

  Result<DotenvEntry> parse_entry() {
    DotenvEntry entry;
    entry.line = line_;
    const auto equals = rest_.find('=');
    if (equals == std::string_view::npos || equals > rest_.find('\n')) {
      return wrong("expected KEY=value");
    }
    std::string_view key = trimmed(rest_.substr(0, equals));
    if (key.starts_with("export ")) key = trimmed(key.substr(7));
    entry.key = key;
    rest_.remove_prefix(equals + 1);
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
    if (rest_.starts_with('\'') || rest_.starts_with('"')) {
      if (auto status = parse_quoted(entry.value); !status) return fail(std::move(status).error());
    } else {
      std::string_view value = rest_.substr(0, rest_.find('\n'));
      if (value.starts_with('#')) value = {};
      if (const auto comment = value.find(" #"); comment != std::string_view::npos) {
        value = value.substr(0, comment);
      }
      entry.value = trimmed(value);
      skip_line();
    }
    return entry;
  }

  Status parse_quoted(std::string& value) {
    const char quote = rest_.front();
    const int begun = line_;
    std::size_t i = 1;
    for (; i < rest_.size() && rest_[i] != quote; ++i) {
      if (rest_[i] == '\n') ++line_;
      if (quote == '"' && rest_[i] == '\\' && i + 1 < rest_.size()) {
        ++i;
        switch (rest_[i]) {
          case 'n':
            value += '\n';
            break;
          case 'r':
            value += '\r';
            break;
          case 't':
            value += '\t';
            break;
          case '"':
          case '\\':
          case '$':
            value += rest_[i];
            break;
          default:
            value += '\\';
            value += rest_[i];
        }
      } else {
        value += rest_[i];
      }
    }
    if (i >= rest_.size()) {
      line_ = begun;
      return wrong("the quote is never closed");
    }
    rest_.remove_prefix(i + 1);
    const std::string_view tail = trimmed(rest_.substr(0, rest_.find('\n')));
    if (!tail.empty() && !tail.starts_with('#')) return wrong("text after the closing quote");
    skip_line();
    return {};
  }

  std::string_view rest_;
  int line_ = 0;
};

}  // namespace

Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text) {
  return DotenvParser(text).run();
}

}  // namespace croft::spec
