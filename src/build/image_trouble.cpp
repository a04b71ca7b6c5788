#include "build/image_trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <sstream>

namespace croft::build {
namespace {

// As apt, curl, Python, npm and Go say it.
constexpr std::array<std::string_view, 14> kUnreachable{"Could not resolve",
                                                        "Temporary failure resolving",
                                                        "Temporary failure in name resolution",
                                                        "Name or service not known",
                                                        "no such host",
                                                        "ENOTFOUND",
                                                        "EAI_AGAIN",
                                                        "Connection refused",
                                                        "connection refused",
                                                        "Network is unreachable",
                                                        "Connection timed out",
                                                        "i/o timeout",
                                                        "Could not connect",
                                                        "Unable to connect"};
constexpr std::array<std::string_view, 4> kCertificate{
    "certificate verify failed", "Certificate verification failed", "SELF_SIGNED_CERT",
    "certificate signed by unknown authority"};
constexpr std::size_t kKeptLines = 15;

std::string find_line(const std::string& output, auto begin, auto end) {
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);)
    if (std::any_of(begin, end,
                    [&](std::string_view sign) { return line.find(sign) != std::string::npos; }))
      return line.substr(0, 300);
  return {};
}

std::string last_lines(const std::string& output) {
  std::deque<std::string> lines;
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    lines.push_back(line.substr(0, 300));
    if (lines.size() > kKeptLines) lines.pop_front();
  }
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

}  // namespace

Error build_trouble(std::string_view action, std::string_view reason, std::string_view output) {
  const std::string text(output);
  if (const auto line = find_line(text, kUnreachable.begin(), kUnreachable.end()); !line.empty()) {
    return Error(ErrorCode::kUnavailable,
                 fmt::format("{}: a package archive or registry cannot be reached: {}; check the "
                             "network, proxy and DNS settings of this machine",
                             action, line),
                 last_lines(text));
  }
  if (const auto line = find_line(text, kCertificate.begin(), kCertificate.end()); !line.empty()) {
    return Error(
        ErrorCode::kUnavailable,
        fmt::format("{}: the certificate of an archive or registry is not trusted: {}; add "
                    "the CA to this machine's trust store, or name a bundle in "
                    "SSL_CERT_FILE",
                    action, line),
        last_lines(text));
  }
  if (text.find("No space left on device") != std::string::npos) {
    return Error(ErrorCode::kExhausted,
                 fmt::format("{}: no space left on the disk; free some and try again", action),
                 last_lines(text));
  }
  return Error(ErrorCode::kFailed,
               fmt::format("{}: {}; its last lines:{}", action, reason, last_lines(text)));
}

}  // namespace croft::build
