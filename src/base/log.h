// Structured log: one JSON object per line on standard error (a plain line when it is a terminal).
// Format: {"ts":RFC 3339 with milliseconds UTC,"level":…,"component":…,"msg":…, fields…}.
#pragma once

#include <boost/json/value.hpp>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <utility>

namespace croft {

enum class LogLevel : unsigned char { kDebug, kInfo, kWarning, kError };

struct LogField {
  template <class T>
  LogField(std::string_view name, T&& content) : key(name) {
    if constexpr (std::is_convertible_v<T, std::string_view>) {
      value = boost::json::string(std::string_view(content));
    } else {
      value = boost::json::value(std::forward<T>(content));
    }
  }
  std::string_view key;
  boost::json::value value;
};

// Called once by main before any thread starts. `component` is the program's name.
void log_setup(std::string_view component, LogLevel minimum);

// Thread safe. Secrets cannot get here: Secret converts to neither string nor JSON.
void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

inline void log_debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kDebug, message, fields);
}
inline void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kInfo, message, fields);
}
inline void log_warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kWarning, message, fields);
}
inline void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kError, message, fields);
}

}  // namespace croft
