// Up to where every stream's lines are stored, in memory and in a file (`logs/cursors.json`).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/log_lines.h"

namespace croft::node {

// The file may be behind: the store drops what it is given twice. It is never ahead.
class LogCursors {
 public:
  explicit LogCursors(std::filesystem::path file) : file_(std::move(file)) {}

  // False when there is no file or it cannot be read; then it is empty.
  bool load();
  Status save() const;

  void add(const std::vector<LogCursor>& cursors);
  void advance(const LogRecord& stored);
  void forget(const std::string& container) { positions_.erase(container); }

  LogPositions positions(const std::string& container) const;
  // From when to read the container's log so that nothing is missed; nullopt: from its start.
  std::optional<std::int64_t> since(const std::string& container) const;

 private:
  void advance(const std::string& container, LogStream stream, LogPosition position);

  std::filesystem::path file_;
  std::map<std::string, LogPositions> positions_;
};

}  // namespace croft::node
