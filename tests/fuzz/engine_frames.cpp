#include "engine/docker/frames.h"
#include "fuzz.h"
#include "node/log_lines.h"

using namespace croft;
using engine::LogFrame;
using engine::Output;

namespace {

struct Read {
  bool broken = false;
  std::vector<Output> outputs;
};

Read read_frames(std::string_view data, std::size_t piece) {
  Read read;
  engine::FrameParser parser;
  for (std::size_t at = 0; at < data.size() && !read.broken; at += piece) {
    read.broken = !parser.feed(data.substr(at, piece), read.outputs);
  }
  return read;
}

std::vector<LogFrame> read_raw(std::string_view data, std::size_t piece) {
  std::vector<LogFrame> frames;
  engine::RawLogParser parser;
  for (std::size_t at = 0; at < data.size(); at += piece)
    parser.feed(data.substr(at, piece), frames);
  if (auto rest = parser.finish()) frames.push_back(std::move(*rest));
  return frames;
}

void check_records(const std::vector<LogFrame>& frames, const node::LogPositions& stored) {
  node::LogLines lines({.id = "c", .instance = "api-1"}, stored);
  std::vector<LogRecord> records;
  for (const LogFrame& frame : frames) lines.take(frame, records);
  lines.finish(records);
  node::LogPositions last = stored;
  for (const LogRecord& record : records) {
    check(record.line.size() <= 4 * kMaxLogLine, "a line is not longer than the store takes");
    LogPosition& before = last[static_cast<std::size_t>(record.stream)];
    check(record.position() >= before, "positions never go back");
    before = record.position();
  }
  const auto read = read_log_records(write_log_records(records));
  check(read && read->size() == records.size(), "records survive the way to the control plane");
}

}  // namespace

// The engine's streams of output and logs. First byte: size of the pieces it comes in; second: how
// far the log was stored before.
FUZZ_TARGET(engine_frames) {
  fuzz::Choices choices(input);
  const std::size_t piece = 1 + choices.byte();
  const std::int64_t stored = choices.byte() - std::int64_t{1};
  const std::string_view data = choices.rest();

  const Read whole = read_frames(data, std::max<std::size_t>(data.size(), 1));
  const Read pieces = read_frames(data, piece);
  check(whole.broken == pieces.broken && whole.outputs == pieces.outputs,
        "frames do not depend on how the stream was cut");
  std::size_t bytes = 0;
  std::vector<LogFrame> frames;
  for (const Output& output : whole.outputs) {
    bytes += output.data.size();
    frames.push_back(engine::parse_log_frame(output));
  }
  check(bytes <= data.size(), "no frame holds more than came");
  check_records(frames, {LogPosition{stored, 0}, LogPosition{stored, 1}});

  const auto raw = read_raw(data, piece);
  for (const LogFrame& frame : raw) check(frame.text.size() <= (64u << 10) + 256, "lines are cut");
  if (data.size() < (64u << 10)) {
    check(raw == read_raw(data, std::max<std::size_t>(data.size(), 1)),
          "a terminal's lines do not depend on how the stream was cut");
  }
  check_records(raw, {});
}
