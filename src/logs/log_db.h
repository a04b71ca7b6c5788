// The log database. Every call blocks; one call at a time for writing and one for reading, which
// the class sees to itself.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "logs/log_query.h"
#include "store/sql.h"

namespace croft {

class LogDb {
 public:
  // Makes the tables. kUnsupported: they are of a newer program.
  static Result<std::unique_ptr<LogDb>> open(std::unique_ptr<SqlDatabase> database);

  // All or nothing, durable on return. Lines at or before the last stored position of their stream
  // are skipped; the number stored. kInvalid for a record without container, project or service,
  // kTooLarge for a line far over kMaxLogLine.
  Result<std::int64_t> append(const std::string& node, const std::vector<LogRecord>& records,
                              Timestamp now);

  // Looks at no more than `max_rows` rows and returns no more than about 4 MiB.
  Result<LogPage> query(const LogQuery& query, int max_rows = 200'000);

  // Of the streams of a node's containers.
  Result<std::vector<LogCursor>> cursors(const std::string& node);

  // One step, at most some thousand rows; how many lines went. Call again until it is 0.
  Result<std::int64_t> retain(const LogLimits& limits, Timestamp now);

 private:
  LogDb() = default;
  SqlConnection& reader() { return reader_ ? *reader_ : *writer_; }
  std::mutex& reader_mutex() { return reader_ ? reader_mutex_ : writer_mutex_; }

  std::unique_ptr<SqlDatabase> database_;
  std::mutex writer_mutex_;
  std::unique_ptr<SqlConnection> writer_;
  std::mutex reader_mutex_;
  std::unique_ptr<SqlConnection> reader_;  // null: the database has one connection only
};

}  // namespace croft
