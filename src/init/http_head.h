// The little of HTTP/1.1 that a probe needs: a request head out, a response head in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace croft::init {

// What a probe asks for, always on this container.
struct HttpTarget {
  std::uint16_t port = 80;
  bool tls = false;
  std::string path = "/";
  std::string host = "localhost";
};

std::string request_head(const HttpTarget& target);

struct ResponseHead {
  int status = 0;
  std::string location;  // of a redirect
};

enum class HeadState : unsigned char { kIncomplete, kComplete, kBroken };

// `text` is what has come so far. Interim (1xx) responses are skipped. Broken: not HTTP/1.x, a
// malformed line, or no end within kMaxHeadBytes.
inline constexpr std::size_t kMaxHeadBytes = 16384;
HeadState parse_response_head(std::string_view text, ResponseHead& head);

// Where a redirect leads when that is this container again: a path, or a URL of localhost or of a
// loopback address. nullopt: it leads elsewhere.
std::optional<HttpTarget> follow_redirect(const HttpTarget& from, std::string_view location);

}  // namespace croft::init
