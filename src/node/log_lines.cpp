#include "node/log_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace croft::node {

LogLines::LogLines(LogContainer container, LogPositions stored) : container_(std::move(container)) {
  for (std::size_t i = 0; i < streams_.size(); ++i) streams_[i].stored = stored[i];
}

void LogLines::take(const engine::LogFrame& frame, std::vector<LogRecord>& out) {
  const bool error = frame.source == engine::OutputSource::kStderr;
  const LogStream kind = error ? LogStream::kStderr : LogStream::kStdout;
  Stream& stream = streams_[error ? 1 : 0];
  // A clock that was set back must not make lines look as if they were stored already.
  const std::int64_t ts = std::max(frame.time_ns, stream.at.ts);
  stream.at = {ts, ts == stream.at.ts ? stream.at.seq + 1 : 0};
  if (stream.at <= stream.stored) return;

  // After a cut nothing more may be added, or it would read as if it followed.
  if (!stream.cut) {
    const std::string_view piece = utf8_prefix(frame.text, kMaxLogLine - stream.pending.size());
    stream.pending += piece;
    stream.cut = piece.size() < frame.text.size();
  }
  stream.has_pending = true;
  if (frame.complete) end_line(kind, stream, out);
}

void LogLines::finish(std::vector<LogRecord>& out) {
  for (const LogStream kind : {LogStream::kStdout, LogStream::kStderr}) {
    Stream& stream = streams_[static_cast<std::size_t>(kind)];
    if (stream.has_pending) end_line(kind, stream, out);
    tell_left_out(kind, stream, out);
  }
}

void LogLines::end_line(LogStream kind, Stream& stream, std::vector<LogRecord>& out) {
  std::string line = std::move(stream.pending);
  const bool cut = stream.cut;
  stream.pending.clear();
  stream.has_pending = false;
  stream.cut = false;

  if (stream.window_lines == 0 || stream.at.ts - stream.window_start >= kLogWindowNs) {
    stream.window_start = stream.at.ts;
    stream.window_lines = 0;
    stream.window_bytes = 0;
    tell_left_out(kind, stream, out);
  }
  ++stream.window_lines;
  stream.window_bytes += line.size();
  if (stream.window_lines > kMaxLinesPerWindow || stream.window_bytes > kMaxBytesPerWindow) {
    ++stream.left_out;
    stream.last_left_out = stream.at;
    return;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  line = to_valid_utf8(line);
  if (cut) line += kLogLineCut;
  out.push_back(record(kind, stream.at, std::move(line)));
}

void LogLines::tell_left_out(LogStream kind, Stream& stream, std::vector<LogRecord>& out) {
  if (stream.left_out == 0) return;
  out.push_back(record(kind, stream.last_left_out,
                       fmt::format("[croft: {} lines were left out: more than {} lines or {} MiB "
                                   "in {} seconds]",
                                   stream.left_out, kMaxLinesPerWindow, kMaxBytesPerWindow >> 20,
                                   kLogWindowNs / 1'000'000'000)));
  stream.left_out = 0;
}

LogRecord LogLines::record(LogStream kind, LogPosition position, std::string line) const {
  return {.container = container_.id,
          .stream = kind,
          .ts = position.ts,
          .seq = position.seq,
          .role = container_.role,
          .project = container_.project,
          .service = container_.service,
          .set = container_.set,
          .instance = container_.instance,
          .line = std::move(line)};
}

}  // namespace croft::node
