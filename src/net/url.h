// Percent encoding, query strings and absolute URLs (RFC 3986), without regular expressions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace croft {

// Everything but the unreserved characters (letters, digits, - . _ ~) as %XX.
std::string percent_encode(std::string_view text);

// nullopt for a broken escape or for %00. '+' stays '+' unless `plus_is_space`.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

// Decoded parameters of a query string, in order, repeats kept.
class Query {
 public:
  Query() = default;
  // `text` without the question mark. kInvalid for a broken escape.
  static Result<Query> parse(std::string_view text);

  Query& add(std::string name, std::string value);
  // The first value of that name.
  std::optional<std::string> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return values_; }
  bool empty() const { return values_.empty(); }
  // "a=1&b=x%20y", empty for no parameters.
  std::string encode() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

// path + "?" + query, or path alone when the query is empty. `path` is already encoded.
std::string make_target(std::string_view path, const Query& query);

// "https://host:8443/base": scheme, host and port of a server we talk to.
struct Url {
  std::string scheme;  // http, https, ws, wss
  std::string host;    // without brackets for IPv6
  std::uint16_t port = 0;
  std::string path;   // starts with '/'; still encoded
  std::string query;  // still encoded, without '?'

  // kInvalid with the reason; user information and fragments are refused.
  static Result<Url> parse(std::string_view text);
};

}  // namespace croft
