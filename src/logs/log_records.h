// The log part of the agent protocol: records as NDJSON, cursors as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/log_record.h"

namespace croft {

std::string write_log_records(const std::vector<LogRecord>& records);
// kInvalid names the line that is wrong; empty lines are skipped.
Result<std::vector<LogRecord>> read_log_records(std::string_view ndjson);

}  // namespace croft
