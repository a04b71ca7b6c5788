#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "base/time.h"

namespace croft {
namespace {

std::atomic<LogLevel> minimum_level{LogLevel::kInfo};
std::string component_name = "croft";
bool human = false;

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// One write() per line, so that lines of several threads and processes never interleave.
void emit(std::string line) {
  line.push_back('\n');
  const char* data = line.data();
  std::size_t left = line.size();
  while (left > 0) {
    const ssize_t written = ::write(STDERR_FILENO, data, left);
    if (written <= 0) return;
    data += written;
    left -= static_cast<std::size_t>(written);
  }
}

}  // namespace

void log_setup(std::string_view component, LogLevel minimum) {
  component_name = component;
  minimum_level = minimum;
  human = ::isatty(STDERR_FILENO) == 1;
}

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < minimum_level.load(std::memory_order_relaxed)) return;
  const std::string ts = format_rfc3339(system_now());
  if (human) {
    std::string line = fmt::format("{} {:<7} {}", ts, level_name(level), message);
    for (const auto& [key, value] : fields) {
      line += fmt::format(" {}={}", key, boost::json::serialize(value));
    }
    emit(std::move(line));
    return;
  }
  boost::json::object object;
  object["ts"] = ts;
  object["level"] = level_name(level);
  object["component"] = component_name;
  object["msg"] = message;
  for (const auto& [key, value] : fields) object[key] = value;
  emit(boost::json::serialize(object));
}

}  // namespace croft
