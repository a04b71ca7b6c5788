#include "model/log_record.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft {

std::string write_log_records(const std::vector<LogRecord>& records) {
  std::string text;
  for (const LogRecord& record : records) text += to_json_text(record) + "\n";
  return text;
}

Result<std::vector<LogRecord>> read_log_records(std::string_view ndjson) {
  std::vector<LogRecord> records;
  for (int number = 1; !ndjson.empty(); ++number) {
    const std::size_t end = std::min(ndjson.find('\n'), ndjson.size());
    const std::string_view line = ndjson.substr(0, end);
    ndjson.remove_prefix(std::min(end + 1, ndjson.size()));
    if (line.empty()) continue;
    auto record = from_json_text<LogRecord>(line);
    if (!record) {
      return fail(std::move(record).error().in(fmt::format("log record in line {}", number)));
    }
    records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace croft
