// Server-sent events whose data is a sequence number: 1 more than the one before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace croft::load {

class SseSequence {
 public:
  // Takes a piece of the stream. Returns how many events it completed; a negative number when an
  // event was out of order or no number: error() says which.
  int feed(std::string_view piece);
  const std::string& error() const { return error_; }

 private:
  bool take_event(std::string_view event);

  std::string pending_;
  std::optional<std::int64_t> last_;
  std::string error_;
};

}  // namespace croft::load
