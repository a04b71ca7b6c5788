// WebSocket (RFC 6455) behind our own type, for both ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/byte_stream.h"

namespace croft {

inline constexpr std::uint16_t kWebSocketNormal = 1000;
inline constexpr std::uint16_t kWebSocketGoingAway = 1001;
inline constexpr std::uint16_t kWebSocketPolicy = 1008;
inline constexpr std::uint16_t kWebSocketTooBig = 1009;
inline constexpr std::uint16_t kWebSocketInternal = 1011;

struct WebSocketMessage {
  bool binary = false;
  std::string data;  // valid UTF-8 unless binary
};

struct WebSocketLimits {
  std::size_t max_message_bytes = 1u << 20;  // a longer one closes the connection with 1009
  Millis write_limit{30'000};                // for one message
  Millis idle_limit{60'000};                 // a ping goes out at half of it; no answer: closed
};

// One reading and one writing task at a time. Destroying it drops the connection.
class WebSocket {
 public:
  virtual ~WebSocket() = default;

  // The next message; nullopt when the peer closed in order (then close_code() says why).
  // kUnavailable when the connection broke, kTooLarge over the limit, kInvalid for a protocol
  // error.
  virtual Task<Result<std::optional<WebSocketMessage>>> read() = 0;
  virtual Task<Status> write(WebSocketMessage message) = 0;
  // Sends the close frame and waits for the peer's, at most the write limit. `reason` at most 123
  // bytes.
  virtual Task<Status> close(std::uint16_t code, std::string reason) = 0;
  // Ends pending reads and writes at once, without a close frame. For the task that gives up.
  virtual void abort() = 0;
  // The peer's code once read() returned nullopt; 1005 when it gave none.
  virtual std::uint16_t close_code() const = 0;
  virtual std::string close_reason() const = 0;
};

}  // namespace croft
