// What can be asked of the log store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/log_record.h"

namespace croft {

inline constexpr int kMaxLogLines = 1000;

// Lines of one project; the rest narrows it down.
struct LogQuery {
  ProjectId project;
  std::optional<ServiceId> service;
  std::optional<InstanceSetId> set;
  std::string container;           // engine's id; empty: all
  std::string instance;            // name; empty: all
  std::optional<Timestamp> since;  // printed at or after
  std::string grep;                // plain text that the line holds, case matters; empty: all
  int limit = 100;                 // 1..kMaxLogLines
  // Without: the newest lines. With: the oldest behind this id.
  std::optional<std::int64_t> after;
};

struct LogLine {
  std::int64_t id = 0;
  std::int64_t ts = 0;  // nanoseconds since 1970
  ServiceId service;
  InstanceSetId set;
  std::string container;
  std::string instance;
  LogStream stream = LogStream::kStdout;
  std::string line;
};

struct LogPage {
  std::vector<LogLine> lines;  // oldest first
  // Give it as `after` to go on: everything up to it was looked at.
  std::int64_t next = 0;
  // There may be more in the asked direction: the limit was reached, or the scan became too long.
  bool more = false;
};

struct LogLimits {
  std::int64_t max_bytes = 2ll << 30;            // of text, over all services
  std::int64_t max_project_bytes = 512ll << 20;  // over the services of one project
  Millis max_age = Millis(14ll * 24 * 3600 * 1000);
};

}  // namespace croft
