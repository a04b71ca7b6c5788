// WebSocket frames (RFC 6455 §5) of a client: masked ones out, unmasked ones in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace croft::load {

inline constexpr int kWsText = 1;
inline constexpr int kWsClose = 8;
inline constexpr int kWsPing = 9;
inline constexpr int kWsPong = 10;
inline constexpr int kWsNoCode = 1005;    // a close frame without a code
inline constexpr int kWsAbnormal = 1006;  // the connection ended without a close frame

struct WsFrame {
  int opcode = 0;
  bool final = true;
  std::string payload;
  // Of a close frame.
  int close_code() const;
};

// A whole client frame, masked with `mask`. `payload` at most 64 KiB.
std::string ws_client_frame(int opcode, const std::string& payload, std::uint32_t mask);
std::string ws_close_payload(int code);

// Takes the first frame out of `input`; nullopt when it is not whole yet. `broken` is set when the
// bytes are no frame a server may send.
std::optional<WsFrame> take_ws_frame(std::string& input, bool& broken);

}  // namespace croft::load
