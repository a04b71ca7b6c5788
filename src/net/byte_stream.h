// Bytes that come or go over time: sources that are pulled, and duplex connections.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "task/task.h"

namespace croft {

// A limit that never passes, for waits that end by cancellation only.
inline constexpr Millis kNoLimit = Millis::max();

// Pulled piece by piece; what is not pulled is not produced, so memory stays bounded.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next piece (never empty), or nullopt at the end. After an error or the end, do not call
  // again.
  virtual Task<Result<std::optional<std::string>>> next() = 0;
};

// A source over bytes that are already here, handed out in one piece.
class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string data) : data_(std::move(data)) {}
  Task<Result<std::optional<std::string>>> next() override;

 private:
  std::string data_;
};

// Reads `source` to its end. kTooLarge when it holds more than `max_bytes`.
Task<Result<std::string>> read_all(ByteSource& source, std::size_t max_bytes);

// A connection in both directions. One read and one write may be under way at the same time, from
// two tasks. A limit that passes fails with kTimeout and closes the connection: how much of a write
// arrived would be unknown. Destroying it closes it; no read or write may be under way then.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // At least one byte and at most `max_bytes` (1..1 MiB), or an empty string when the peer has
  // finished writing.
  virtual Task<Result<std::string>> read_some(std::size_t max_bytes, Millis limit) = 0;
  virtual Task<Status> write_all(std::string data, Millis limit) = 0;
  // Tells the peer that nothing more comes; reading goes on.
  virtual Task<Status> shutdown_write() = 0;
  // Ends pending reads and writes with kCancelled. May be called more than once.
  virtual void close() = 0;
};

}  // namespace croft
