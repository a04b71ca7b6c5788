#include "init/http_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace croft::init {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// "HTTP/1.1 200 OK" → 200; 0 when malformed.
int parse_status_line(std::string_view line) {
  const bool version = line.starts_with("HTTP/1.") && line.size() >= 12 && digit(line[7]);
  if (!version || line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) return 0;
  const std::string_view code = line.substr(9, 3);
  if (!std::all_of(code.begin(), code.end(), digit) || code[0] < '1' || code[0] > '5') return 0;
  return (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
}

// Takes one line ended by CRLF (LF is accepted, as RFC 9112 §2.2 allows).
bool take_line(std::string_view& text, std::string_view& line) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  text.remove_prefix(end + 1);
  return true;
}

bool loopback_name(std::string_view host) {
  return same_word(host, "localhost") || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace

std::string request_head(const HttpTarget& target) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: croft-init\r\nAccept: */*\r\n"
      "Connection: close\r\n\r\n",
      target.path, target.host);
}

HeadState parse_response_head(std::string_view text, ResponseHead& head) {
  const HeadState unfinished =
      text.size() > kMaxHeadBytes ? HeadState::kBroken : HeadState::kIncomplete;
  for (;;) {
    std::string_view line;
    // Something that does not even begin like HTTP is not waited for.
    const std::size_t seen = std::min<std::size_t>(text.size(), 7);
    if (text.substr(0, seen) != std::string_view("HTTP/1.").substr(0, seen)) {
      return HeadState::kBroken;
    }
    if (!take_line(text, line)) return unfinished;
    head = {parse_status_line(line), {}};
    if (head.status == 0) return HeadState::kBroken;
    for (;;) {
      if (!take_line(text, line)) return unfinished;
      if (line.empty()) break;
      const auto colon = line.find(':');
      if (colon == std::string_view::npos || colon == 0) return HeadState::kBroken;
      if (same_word(line.substr(0, colon), "location"))
        head.location = trim(line.substr(colon + 1));
    }
    if (head.status >= 200) return HeadState::kComplete;
  }
}

std::optional<HttpTarget> follow_redirect(const HttpTarget& from, std::string_view location) {
  location = location.substr(0, location.find('#'));
  if (location.empty() || location.find_first_of(" \r\n\t") != std::string_view::npos) {
    return std::nullopt;
  }
  HttpTarget to = from;
  if (location.front() == '/' && !location.starts_with("//")) {
    to.path = location;
    return to;
  }
  const auto scheme_end = location.find("://");
  if (scheme_end == std::string_view::npos) {
    if (location.starts_with("//")) return std::nullopt;
    const std::string_view base = from.path;
    const std::string_view folder = base.substr(0, base.substr(0, base.find('?')).rfind('/') + 1);
    to.path = fmt::format("{}{}", folder, location);
    return to;
  }
  const std::string_view scheme = location.substr(0, scheme_end);
  if (scheme != "http" && scheme != "https") return std::nullopt;
  to.tls = scheme == "https";
  location.remove_prefix(scheme_end + 3);
  const auto path = std::min(location.find_first_of("/?"), location.size());
  std::string_view authority = location.substr(0, path);
  std::string_view host = authority;
  to.port = to.tls ? 443 : 80;
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.back() != ']') {
    host = authority.substr(0, colon);
    const char* end = authority.data() + authority.size();
    const auto parsed = std::from_chars(authority.data() + colon + 1, end, to.port);
    if (parsed.ec != std::errc() || parsed.ptr != end || to.port == 0) return std::nullopt;
  }
  if (!loopback_name(host)) return std::nullopt;
  to.host = authority;
  to.path = location.substr(path);
  if (!to.path.starts_with('/')) to.path.insert(0, "/");
  return to;
}

}  // namespace croft::init
