#include "sse_events.h"

#include <fmt/format.h>

#include <charconv>

namespace croft::load {

int SseSequence::feed(std::string_view piece) {
  pending_ += piece;
  int events = 0;
  for (;;) {
    const std::size_t end = pending_.find("\n\n");
    if (end == std::string::npos) return events;
    const std::string event = pending_.substr(0, end);
    pending_.erase(0, end + 2);
    const std::size_t data = event.find("data:");
    if (data == std::string::npos) continue;  // a comment that keeps the connection alive
    if (!take_event(std::string_view(event).substr(data + 5))) return -1;
    ++events;
  }
}

bool SseSequence::take_event(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) {
    error_ = fmt::format("'{}' is no sequence number", text.substr(0, 60));
    return false;
  }
  if (last_ && number != *last_ + 1) {
    error_ = fmt::format("event {} came after {}", number, *last_);
    return false;
  }
  last_ = number;
  return true;
}

}  // namespace croft::load
