// The engine's output streams: multiplexed frames (8-byte header, then data) and log lines in them.
// Pure parsers, safe on hostile input.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/streams.h"

namespace croft::engine {

// Splits the multiplexed form. Header: stream (0 stdin, 1 stdout, 2 stderr), three zeros, length as
// 32 bit big endian (API reference, "Attach to a container").
class FrameParser {
 public:
  // A frame longer than this is refused; the engine's own are at most 32 KiB.
  static constexpr std::size_t kMaxFrameBytes = 4u << 20;

  // Takes the next bytes; complete frames are appended to `out`. kInvalid for bytes that are no
  // frames; do not feed it again then.
  Status feed(std::string_view data, std::vector<Output>& out);
  // Whether the input so far ends between two frames.
  bool at_boundary() const { return buffer_.empty(); }

 private:
  std::string buffer_;
};

// One frame of a log that was asked for with timestamps: "2026-11-21T08:00:00.123456789Z text\n".
LogFrame parse_log_frame(Output frame);

// A log of a container with a terminal has no frames: it is cut at line ends.
class RawLogParser {
 public:
  void feed(std::string_view data, std::vector<LogFrame>& out);
  // What is left at the end of the stream.
  std::optional<LogFrame> finish();

 private:
  // A longer line is cut, so that a stream without line ends cannot fill the memory.
  static constexpr std::size_t kMaxLineBytes = 64u << 10;
  std::string line_;
};

}  // namespace croft::engine
