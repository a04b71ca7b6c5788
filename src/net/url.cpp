#include "net/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace croft {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return 0;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
      continue;
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals), true);
    const auto value = equals == std::string_view::npos
                           ? std::optional<std::string>("")
                           : percent_decode(pair.substr(equals + 1), true);
    if (!name || !value) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("query parameter {}: broken % escape; write %25 for a % sign",
                              pair.substr(0, std::min<std::size_t>(equals, 60))));
    }
    query.add(*name, *value);
  }
  return query;
}

Query& Query::add(std::string name, std::string value) {
  values_.emplace_back(std::move(name), std::move(value));
  return *this;
}

std::optional<std::string> Query::find(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string Query::encode() const {
  std::string out;
  for (const auto& [name, value] : values_) {
    if (!out.empty()) out += '&';
    out += percent_encode(name) + '=' + percent_encode(value);
  }
  return out;
}

std::string make_target(std::string_view path, const Query& query) {
  if (query.empty()) return std::string(path);
  return fmt::format("{}?{}", path, query.encode());
}

Result<Url> Url::parse(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is not an absolute URL such as https://croft.example:8443", text));
  }
  const auto& view = *parsed;
  Url url;
  url.scheme = view.scheme();
  for (char& c : url.scheme) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  if (default_port(url.scheme) == 0) {
    return fail(ErrorCode::kInvalid, fmt::format("{}: the scheme must be http or https", text));
  }
  url.host = view.host_address();
  // An escape in it may stand for anything: names are passed on as C strings.
  const bool clean = std::ranges::all_of(url.host, [](char c) { return c > ' ' && c < 0x7f; });
  if (!clean) return fail(ErrorCode::kInvalid, fmt::format("{}: not a host name", text));
  if (url.host.empty()) return fail(ErrorCode::kInvalid, fmt::format("{}: no host name", text));
  if (view.has_userinfo() || view.has_fragment()) {
    return fail(ErrorCode::kInvalid,
                "a URL with user information or a fragment is not accepted: leave out what stands "
                "before '@' or after '#'");
  }
  url.port = default_port(url.scheme);
  if (view.has_port()) {
    const std::string port = view.port();
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
      return fail(ErrorCode::kInvalid, fmt::format("{}: the port must be 1 to 65535", text));
    }
  }
  url.path = view.encoded_path().empty() ? "/" : std::string(view.encoded_path());
  url.query = view.encoded_query();
  // boost::urls takes "http://host:80:80/" for a path that begins with ":80".
  if (!url.path.starts_with('/')) {
    return fail(ErrorCode::kInvalid, fmt::format("{}: the port must be 1 to 65535", text));
  }
  return url;
}

}  // namespace croft
