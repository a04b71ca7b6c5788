// One append of records, inside a write transaction. Internal to LogDb.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "logs/log_query.h"
#include "store/sql.h"

namespace croft {

class LogAppend {
 public:
  LogAppend(SqlConnection& db, std::string node, Timestamp now)
      : db_(db), node_(std::move(node)), now_(now) {}

  // The number of lines stored.
  Result<std::int64_t> run(const std::vector<LogRecord>& records);

 private:
  struct Source {
    std::int64_t id = 0;
    std::int64_t service = 0;
    LogPosition last;
  };

  Result<Source*> source_of(const LogRecord& record);
  Result<std::int64_t> service_of(const LogRecord& record);
  Status save();

  SqlConnection& db_;
  std::string node_;
  Timestamp now_;
  std::map<std::pair<std::string, LogStream>, Source> sources_;
  std::map<std::int64_t, std::int64_t> added_bytes_;  // by service
};

}  // namespace croft
