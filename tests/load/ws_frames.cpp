#include "ws_frames.h"

namespace croft::load {
namespace {

constexpr std::uint64_t kMaxPayload = 1u << 20;

unsigned char byte_at(const std::string& text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

}  // namespace

int WsFrame::close_code() const {
  if (payload.size() < 2) return kWsNoCode;
  return byte_at(payload, 0) << 8 | byte_at(payload, 1);
}

std::string ws_close_payload(int code) {
  return {static_cast<char>(code >> 8 & 0xff), static_cast<char>(code & 0xff)};
}

std::string ws_client_frame(int opcode, const std::string& payload, std::uint32_t mask) {
  std::string frame;
  frame += static_cast<char>(0x80 | opcode);
  const std::size_t size = payload.size();
  if (size < 126) {
    frame += static_cast<char>(0x80 | size);
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(size >> 8 & 0xff);
    frame += static_cast<char>(size & 0xff);
  }
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(mask >> shift & 0xff);
  const std::size_t masked = frame.size();
  for (std::size_t i = 0; i < size; ++i) {
    frame += static_cast<char>(payload[i] ^ frame[masked - 4 + i % 4]);
  }
  return frame;
}

std::optional<WsFrame> take_ws_frame(std::string& input, bool& broken) {
  if (input.size() < 2) return std::nullopt;
  const unsigned second = byte_at(input, 1);
  const std::size_t extra = (second & 0x7f) == 126 ? 2 : (second & 0x7f) == 127 ? 8 : 0;
  // A server masks nothing and sets no reserved bit.
  broken = (second & 0x80) != 0 || (byte_at(input, 0) & 0x70) != 0;
  if (broken || input.size() < 2 + extra) return std::nullopt;
  std::uint64_t size = second & 0x7f;
  if (extra != 0) size = 0;
  for (std::size_t i = 0; i < extra; ++i) size = size << 8 | byte_at(input, 2 + i);
  broken = size > kMaxPayload;
  if (broken || input.size() < 2 + extra + size) return std::nullopt;
  WsFrame frame{.opcode = byte_at(input, 0) & 0x0f,
                .final = (byte_at(input, 0) & 0x80) != 0,
                .payload = input.substr(2 + extra, size)};
  input.erase(0, 2 + extra + size);
  return frame;
}

}  // namespace croft::load
