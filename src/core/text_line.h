// Lines out of a byte stream that an untrusted peer writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace croft {

class LineBuffer {
 public:
  // A longer line is an error of the peer.
  explicit LineBuffer(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  void add(std::string_view piece) { pending_ += piece; }
  // The next whole line without its end; nullopt when there is none yet.
  std::optional<std::string> next() {
    const std::size_t end = pending_.find('\n');
    if (end == std::string::npos) return {};
    std::string line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    return line;
  }
  // The peer has sent more than a line may hold without ending it.
  bool overfull() const { return pending_.size() > max_bytes_; }

 private:
  std::size_t max_bytes_;
  std::string pending_;
};

// The first `max_bytes` of UTF-8 text, not cutting a character.
std::string shorten(std::string_view text, std::size_t max_bytes);

}  // namespace croft
