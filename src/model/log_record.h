// One line that a container printed, on its way from the node's agent to the log store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_codec.h"
#include "model/ids.h"

namespace croft {

BOOST_DEFINE_ENUM_CLASS(LogStream, kStdout, kStderr)

// Longest line, bytes; what is longer is cut and ends with kLogLineCut.
inline constexpr std::size_t kMaxLogLine = 16 * 1024;
inline constexpr const char* kLogLineCut = " [croft: the line was cut at 16 KiB]";

// Where in one stream of one container a line stands. `ts` never goes back within a stream; `seq`
// counts the engine's frames with the same `ts` from 0.
struct LogPosition {
  std::int64_t ts = -1;  // nanoseconds since 1970
  std::int64_t seq = 0;
  auto operator<=>(const LogPosition&) const = default;
};
BOOST_DESCRIBE_STRUCT(LogPosition, (), (ts, seq))

struct LogRecord {
  std::string container;  // engine's id
  LogStream stream = LogStream::kStdout;
  std::int64_t ts = 0;  // LogPosition of the line's last frame
  std::int64_t seq = 0;
  std::string role;  // label croft.role
  ProjectId project;
  ServiceId service;
  InstanceSetId set;
  std::string instance;  // as people see it
  std::string line;      // UTF-8, without its line end
  LogPosition position() const { return {ts, seq}; }
};
BOOST_DESCRIBE_STRUCT(LogRecord, (),
                      (container, stream, ts, seq, role, project, service, set, instance, line))

// The last line of a stream that is durably stored.
struct LogCursor {
  std::string container;
  LogStream stream = LogStream::kStdout;
  std::int64_t ts = 0;
  std::int64_t seq = 0;
  LogPosition position() const { return {ts, seq}; }
};
BOOST_DESCRIBE_STRUCT(LogCursor, (), (container, stream, ts, seq))

// The body of POST /agent/v1/logs: one record a line.
std::string write_log_records(const std::vector<LogRecord>& records);
// kInvalid names the line that is wrong; empty lines are skipped.
Result<std::vector<LogRecord>> read_log_records(std::string_view ndjson);

}  // namespace croft
