// The SQL port: what the store needs of a database, small enough that SQLite now and PostgreSQL
// later are one file each. Statements are written once, in SQL that both understand: parameters
// are ?1, ?2…, upserts are ON CONFLICT … DO UPDATE, new keys come back by RETURNING, flags are
// integers 0/1 and times are integers (ms). Only migrations have a text per database.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace croft {

struct SqlBlob {
  std::string bytes;
  bool operator==(const SqlBlob&) const = default;
};

struct SqlNull {
  bool operator==(const SqlNull&) const = default;
};

using SqlValue = std::variant<SqlNull, std::int64_t, std::string, SqlBlob>;
using SqlParams = std::vector<SqlValue>;

// One row, columns by position. Asking for a column with the wrong type is our bug: check().
class SqlRow {
 public:
  explicit SqlRow(std::vector<SqlValue> values) : values_(std::move(values)) {}

  std::size_t size() const { return values_.size(); }
  const std::vector<SqlValue>& values() const { return values_; }
  bool is_null(std::size_t column) const;
  std::int64_t integer(std::size_t column) const;
  int small(std::size_t column) const;  // an integer that fits an int
  bool flag(std::size_t column) const { return integer(column) != 0; }
  const std::string& text(std::size_t column) const;
  const std::string& blob(std::size_t column) const;
  std::optional<std::int64_t> optional_integer(std::size_t column) const;
  // "" for NULL.
  std::string text_or_empty(std::size_t column) const;

 private:
  std::vector<SqlValue> values_;
};

enum class SqlDialect : std::uint8_t { kSqlite, kPostgres };

// One connection, used by one thread at a time. Errors: kConflict for a violated constraint,
// kUnavailable when the database is busy or gone, kExhausted when its disk is full, else kFailed.
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  virtual SqlDialect dialect() const = 0;
  // Runs one statement and returns all its rows: callers bound them by LIMIT.
  virtual Result<std::vector<SqlRow>> query(std::string_view sql, const SqlParams& params) = 0;
  // Runs one statement that returns no rows; the number of rows it changed.
  virtual Result<std::int64_t> execute(std::string_view sql, const SqlParams& params) = 0;
  // Several statements separated by semicolons, without parameters: migrations.
  virtual Status run_script(std::string_view sql) = 0;

  // kWrite takes the writer's lock at once.
  enum class Access : std::uint8_t { kRead, kWrite };
  virtual Status begin(Access access) = 0;
  // After a failed commit nothing has happened and the transaction is over.
  virtual Status commit() = 0;
  virtual void rollback() = 0;
};

// Where connections come from.
class SqlDatabase {
 public:
  virtual ~SqlDatabase() = default;
  // The connection that changes things; taken once.
  virtual Result<std::unique_ptr<SqlConnection>> open_writer() = 0;
  // kUnsupported when the database has one connection only (in memory): then reads use the writer.
  virtual Result<std::unique_ptr<SqlConnection>> open_reader() = 0;
};

}  // namespace croft
