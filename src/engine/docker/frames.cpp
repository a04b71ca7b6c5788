#include "engine/docker/frames.h"

#include "engine/docker/json_view.h"

namespace croft::engine {
namespace {

constexpr std::size_t kHeaderBytes = 8;

std::size_t length_of(std::string_view header) {
  std::size_t length = 0;
  for (std::size_t i = 4; i < kHeaderBytes; ++i) {
    length = length << 8 | static_cast<unsigned char>(header[i]);
  }
  return length;
}

}  // namespace

Status FrameParser::feed(std::string_view data, std::vector<Output>& out) {
  buffer_ += data;
  std::size_t used = 0;
  while (buffer_.size() - used >= kHeaderBytes) {
    const std::string_view rest = std::string_view(buffer_).substr(used);
    const bool is_header =
        rest[0] >= 0 && rest[0] <= 2 && rest[1] == 0 && rest[2] == 0 && rest[3] == 0;
    const std::size_t length = length_of(rest);
    if (!is_header || length > kMaxFrameBytes) {
      return fail(ErrorCode::kInvalid,
                  "the engine's output stream is broken: what should be a frame is none");
    }
    if (rest.size() < kHeaderBytes + length) break;
    const auto source = rest[0] == 2 ? OutputSource::kStderr : OutputSource::kStdout;
    if (length > 0) out.push_back({source, std::string(rest.substr(kHeaderBytes, length))});
    used += kHeaderBytes + length;
  }
  buffer_.erase(0, used);
  return {};
}

LogFrame parse_log_frame(Output frame) {
  LogFrame result;
  result.source = frame.source;
  std::string& text = frame.data;
  result.complete = text.ends_with('\n');
  if (result.complete) {
    text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
  }
  // The longest timestamp is "2026-11-21T08:00:00.123456789+01:00".
  const std::size_t space = text.substr(0, 36).find(' ');
  if (space != std::string::npos) {
    result.time_ns = parse_time_ns(std::string_view(text).substr(0, space));
  }
  if (result.time_ns != 0) text.erase(0, space + 1);
  result.text = std::move(text);
  return result;
}

void RawLogParser::feed(std::string_view data, std::vector<LogFrame>& out) {
  while (!data.empty()) {
    const std::size_t end = data.find('\n');
    const bool whole = end != std::string_view::npos;
    line_ += data.substr(0, whole ? end + 1 : end);
    data.remove_prefix(whole ? end + 1 : data.size());
    if (!whole && line_.size() < kMaxLineBytes) return;
    out.push_back(parse_log_frame({OutputSource::kStdout, std::exchange(line_, {})}));
  }
}

std::optional<LogFrame> RawLogParser::finish() {
  if (line_.empty()) return std::nullopt;
  return parse_log_frame({OutputSource::kStdout, std::exchange(line_, {})});
}

}  // namespace croft::engine
