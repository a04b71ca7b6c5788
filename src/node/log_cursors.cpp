#include "node/log_cursors.h"

#include <algorithm>

#include "base/file.h"
#include "base/log.h"

namespace croft::node {
namespace {

// The engine writes the two streams of a container from two threads: a frame may stand in its file
// behind one of the other stream that is a little younger.
constexpr std::int64_t kDisorderNs = 5'000'000'000;

}  // namespace

bool LogCursors::load() {
  const auto text = read_file(file_);
  if (!text) return false;
  const auto cursors = from_json_text<std::vector<LogCursor>>(*text);
  if (!cursors) {
    log_warning("the file of log cursors is damaged; the control plane is asked instead",
                {{"file", file_.string()}});
    return false;
  }
  add(*cursors);
  return true;
}

Status LogCursors::save() const {
  std::vector<LogCursor> cursors;
  for (const auto& [container, positions] : positions_) {
    for (const LogStream stream : {LogStream::kStdout, LogStream::kStderr}) {
      const LogPosition at = positions[static_cast<std::size_t>(stream)];
      if (at.ts < 0) continue;
      cursors.push_back({.container = container, .stream = stream, .ts = at.ts, .seq = at.seq});
    }
  }
  return write_file_atomically(file_, to_json_text(cursors), 0600);
}

void LogCursors::add(const std::vector<LogCursor>& cursors) {
  for (const LogCursor& cursor : cursors) {
    advance(cursor.container, cursor.stream, cursor.position());
  }
}

void LogCursors::advance(const LogRecord& stored) {
  advance(stored.container, stored.stream, stored.position());
}

void LogCursors::advance(const std::string& container, LogStream stream, LogPosition position) {
  LogPosition& at = positions_[container][static_cast<std::size_t>(stream)];
  at = std::max(at, position);
}

LogPositions LogCursors::positions(const std::string& container) const {
  const auto it = positions_.find(container);
  return it == positions_.end() ? LogPositions() : it->second;
}

std::optional<std::int64_t> LogCursors::since(const std::string& container) const {
  const LogPositions at = positions(container);
  const std::int64_t newest = std::max(at[0].ts, at[1].ts);
  if (newest < 0) return std::nullopt;
  return std::max<std::int64_t>(0, newest - kDisorderNs);
}

}  // namespace croft::node
