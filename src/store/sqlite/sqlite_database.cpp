#include "store/sqlite/sqlite_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <unordered_map>

#include "base/check.h"
#include "base/fd.h"
#include "base/log.h"

namespace croft {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr std::size_t kMaxCachedStatements = 256;

struct CloseDatabase {
  void operator()(sqlite3* db) const { ::sqlite3_close_v2(db); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// Finds a text without making a string of it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

Error sqlite_error(sqlite3* db, std::string_view what) {
  const int code = db == nullptr ? SQLITE_NOMEM : ::sqlite3_extended_errcode(db);
  const std::string detail =
      fmt::format("{}: {} ({})", what, db == nullptr ? "no memory" : ::sqlite3_errmsg(db), code);
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return Error(ErrorCode::kConflict, "the change contradicts what is stored", detail);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(ErrorCode::kUnavailable, "the store is busy; try again", detail);
    case SQLITE_FULL:
      return Error(ErrorCode::kExhausted,
                   "the store cannot write: the disk is full; free some space", detail);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Error(ErrorCode::kFailed,
                   "the store cannot open its database; check that croft may write to its folder",
                   detail);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(ErrorCode::kFailed, "the store's database is damaged; restore it from a backup",
                   detail);
    default:
      return Error(ErrorCode::kFailed, "the store failed; see croftd's log", detail);
  }
}

// Text and blobs outlive the statement's run: SQLITE_STATIC spares a copy.
int bind_value(sqlite3_stmt* statement, int index, const SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return ::sqlite3_bind_int64(statement, index, *number);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return ::sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC,
                                 SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<SqlBlob>(&value)) {
    return ::sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(),
                                 SQLITE_STATIC);
  }
  return ::sqlite3_bind_null(statement, index);
}

SqlValue column_value(sqlite3_stmt* statement, int column) {
  switch (::sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{::sqlite3_column_int64(statement, column)};
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(statement, column));
      return std::string(text, static_cast<std::size_t>(::sqlite3_column_bytes(statement, column)));
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(::sqlite3_column_blob(statement, column));
      const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement, column));
      return SqlBlob{bytes == nullptr ? std::string() : std::string(bytes, size)};
    }
    default:
      return SqlNull{};
  }
}

class SqliteConnection final : public SqlConnection {
 public:
  explicit SqliteConnection(Database db) : db_(std::move(db)) {}
  ~SqliteConnection() override {
    statements_.clear();  // before the database they belong to
  }

  SqlDialect dialect() const override { return SqlDialect::kSqlite; }

  Result<std::vector<SqlRow>> query(std::string_view sql, const SqlParams& params) override {
    std::vector<SqlRow> rows;
    CROFT_TRY(run(sql, params, &rows));
    return rows;
  }

  Result<std::int64_t> execute(std::string_view sql, const SqlParams& params) override {
    CROFT_TRY(run(sql, params, nullptr));
    return std::int64_t{::sqlite3_changes64(db_.get())};
  }

  Status run_script(std::string_view sql) override {
    const std::string text(sql);
    if (::sqlite3_exec(db_.get(), text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      return fail(sqlite_error(db_.get(), "script"));
    }
    return {};
  }

  Status begin(Access access) override {
    return run(access == Access::kWrite ? "BEGIN IMMEDIATE" : "BEGIN", {}, nullptr);
  }

  Status commit() override {
    const Status done = run("COMMIT", {}, nullptr);
    if (!done) rollback();
    return done;
  }

  void rollback() override {
    // SQLite has already rolled back by itself after some errors (disk full, I/O).
    if (::sqlite3_get_autocommit(db_.get()) != 0) return;
    if (const Status done = run("ROLLBACK", {}, nullptr); !done) {
      log_error("rollback failed", {{"error", done.error().describe()}});
    }
  }

  // Becomes what `of` is.
  Status copy_from(SqliteConnection& of) {
    sqlite3_backup* copy = ::sqlite3_backup_init(db_.get(), "main", of.db_.get(), "main");
    if (copy == nullptr) return fail(sqlite_error(db_.get(), "copy"));
    ::sqlite3_backup_step(copy, -1);
    if (::sqlite3_backup_finish(copy) != SQLITE_OK) return fail(sqlite_error(db_.get(), "copy"));
    return {};
  }

 private:
  Result<sqlite3_stmt*> prepared(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) {
      return found->second.get();
    }
    if (statements_.size() >= kMaxCachedStatements) statements_.clear();
    sqlite3_stmt* statement = nullptr;
    const char* tail = nullptr;
    if (::sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                             SQLITE_PREPARE_PERSISTENT, &statement, &tail) != SQLITE_OK) {
      return fail(sqlite_error(db_.get(), sql));
    }
    check(statement != nullptr && tail == sql.data() + sql.size(), "one statement at a time");
    statements_.emplace(std::string(sql), Statement(statement));
    return statement;
  }

  Status run(std::string_view sql, const SqlParams& params, std::vector<SqlRow>* rows) {
    const auto statement = prepared(sql);
    if (!statement) return fail(statement.error());
    check(::sqlite3_bind_parameter_count(*statement) == static_cast<int>(params.size()),
          "number of parameters of a statement");
    for (std::size_t i = 0; i < params.size(); ++i) {
      if (bind_value(*statement, static_cast<int>(i) + 1, params[i]) != SQLITE_OK) {
        return end(*statement, sql, SQLITE_ERROR);
      }
    }
    int step = ::sqlite3_step(*statement);
    while (step == SQLITE_ROW) {
      check(rows != nullptr, "execute() of a statement that returns rows");
      std::vector<SqlValue> values;
      const int columns = ::sqlite3_column_count(*statement);
      values.reserve(static_cast<std::size_t>(columns));
      for (int c = 0; c < columns; ++c) values.push_back(column_value(*statement, c));
      rows->emplace_back(std::move(values));
      step = ::sqlite3_step(*statement);
    }
    return end(*statement, sql, step);
  }

  // The error is taken before the reset, which would overwrite it.
  Status end(sqlite3_stmt* statement, std::string_view sql, int step) {
    Status status;
    if (step != SQLITE_DONE) status = fail(sqlite_error(db_.get(), sql));
    ::sqlite3_reset(statement);
    ::sqlite3_clear_bindings(statement);
    return status;
  }

  Database db_;
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
};

Result<std::unique_ptr<SqlConnection>> open_connection(const std::string& name, int flags,
                                                       std::string_view pragmas) {
  sqlite3* raw = nullptr;
  const int opened = ::sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db(raw);
  if (opened != SQLITE_OK) return fail(sqlite_error(raw, fmt::format("open {}", name)));
  ::sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  // A schema from a tampered file must not reach beyond the database.
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ::sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  auto connection = std::make_unique<SqliteConnection>(std::move(db));
  CROFT_TRY(connection->run_script(pragmas));
  return connection;
}

class SqliteFile final : public SqlDatabase {
 public:
  explicit SqliteFile(std::filesystem::path file) : file_(std::move(file)) {}

  Result<std::unique_ptr<SqlConnection>> open_writer() override {
    CROFT_TRY(make_file());
    return open_connection(file_.string(), SQLITE_OPEN_READWRITE,
                           "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                           "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
                           "PRAGMA journal_size_limit=16777216;");
  }

  Result<std::unique_ptr<SqlConnection>> open_reader() override {
    return open_connection(file_.string(), SQLITE_OPEN_READWRITE,
                           "PRAGMA query_only=ON; PRAGMA temp_store=MEMORY;");
  }

 private:
  // By us, so that the mode is never wider, whatever the umask. It is closed before SQLite opens
  // it, and nothing else in the process may ever open it: closing a file drops all locks that the
  // process has on it (fcntl(2)). Without them a second process that looks into the database
  // (a backup) takes itself for the last one, and removes the log that this one goes on writing to.
  Status make_file() const {
    const Fd fd(::open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd || errno == EEXIST) return {};
    return fail(errno_error(fmt::format("make database {}", file_.string()), errno));
  }

  std::filesystem::path file_;
};

class SqliteMemory final : public SqlDatabase {
 public:
  explicit SqliteMemory(SqliteConnection* of) : of_(of) {}
  Result<std::unique_ptr<SqlConnection>> open_writer() override {
    auto opened = open_connection(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                  "PRAGMA foreign_keys=ON;");
    if (!opened || of_ == nullptr) return opened;
    CROFT_TRY(static_cast<SqliteConnection&>(**opened).copy_from(*of_));
    return opened;
  }
  Result<std::unique_ptr<SqlConnection>> open_reader() override {
    return fail(ErrorCode::kUnsupported, "a database in memory has one connection");
  }

 private:
  SqliteConnection* of_;  // null: it begins empty
};

}  // namespace

std::unique_ptr<SqlDatabase> sqlite_file(std::filesystem::path file) {
  return std::make_unique<SqliteFile>(std::move(file));
}

std::unique_ptr<SqlDatabase> sqlite_memory() {
  return std::make_unique<SqliteMemory>(nullptr);
}

std::unique_ptr<SqlDatabase> sqlite_memory_copy(SqlConnection& of) {
  auto* connection = dynamic_cast<SqliteConnection*>(&of);
  check(connection != nullptr, "what is copied is SQLite too");
  return std::make_unique<SqliteMemory>(connection);
}

}  // namespace croft
