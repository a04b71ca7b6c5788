// From the engine's log frames of one container to records: pure, no I/O, no clock. Puts long lines
// together and cuts them, skips what was stored before, drops what is too much.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/streams.h"
#include "model/log_record.h"

namespace croft::node {

// A container whose output is collected.
struct LogContainer {
  std::string id;
  std::string role;
  ProjectId project;
  ServiceId service;
  InstanceSetId set;
  std::string instance;
  bool running = false;
};

using LogPositions = std::array<LogPosition, 2>;  // by LogStream

// More than this in a window of the stream's own time is left out, with a line that says how many.
// The window is long so that a burst passes, such as a stack trace at the start.
inline constexpr std::int64_t kLogWindowNs = 10'000'000'000;
inline constexpr int kMaxLinesPerWindow = 10'000;
inline constexpr std::size_t kMaxBytesPerWindow = 8u << 20;

// One reading of a container's log from some point on. What it does depends on the frames alone,
// so that reading the same again gives the same records.
class LogLines {
 public:
  // Frames at or before `stored` of their stream are skipped.
  LogLines(LogContainer container, LogPositions stored);

  // Frames in the engine's order; appends the records they complete.
  void take(const engine::LogFrame& frame, std::vector<LogRecord>& out);
  // At the end of the log: a line without an end, and what was left out.
  void finish(std::vector<LogRecord>& out);

 private:
  struct Stream {
    LogPosition stored;
    LogPosition at;  // of the last frame
    std::string pending;
    bool has_pending = false;
    bool cut = false;
    std::int64_t window_start = 0;
    int window_lines = 0;
    std::size_t window_bytes = 0;
    std::int64_t left_out = 0;
    LogPosition last_left_out;
  };

  void end_line(LogStream kind, Stream& stream, std::vector<LogRecord>& out);
  void tell_left_out(LogStream kind, Stream& stream, std::vector<LogRecord>& out);
  LogRecord record(LogStream kind, LogPosition position, std::string line) const;

  LogContainer container_;
  std::array<Stream, 2> streams_;
};

}  // namespace croft::node
