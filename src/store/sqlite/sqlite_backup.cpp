#include "store/sqlite/sqlite_backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "base/fd.h"

namespace croft {
namespace {

constexpr int kBusyTimeoutMs = 30'000;

struct CloseDatabase {
  void operator()(sqlite3* db) const { ::sqlite3_close_v2(db); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
};

tl::unexpected<Error> failed(sqlite3* db, const std::filesystem::path& file,
                             std::string_view what) {
  const int code = db == nullptr ? SQLITE_NOMEM : ::sqlite3_errcode(db);
  const std::string why = db == nullptr ? "no memory" : ::sqlite3_errmsg(db);
  return fail(code == SQLITE_FULL ? ErrorCode::kExhausted : ErrorCode::kFailed,
              fmt::format("cannot {} {}: {}", what, file.string(), why));
}

Result<Database> open_database(const std::filesystem::path& file, int flags) {
  sqlite3* raw = nullptr;
  const int opened = ::sqlite3_open_v2(file.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db(raw);
  if (opened != SQLITE_OK) return failed(raw, file, "open the database");
  ::sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  return db;
}

// All rows of one statement, every column as text.
Result<std::vector<std::vector<std::string>>> rows_of(sqlite3* db,
                                                      const std::filesystem::path& file,
                                                      const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (::sqlite3_prepare_v2(db, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) {
    return failed(db, file, "read the database");
  }
  const std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement(raw);
  std::vector<std::vector<std::string>> rows;
  int step = ::sqlite3_step(raw);
  for (; step == SQLITE_ROW; step = ::sqlite3_step(raw)) {
    std::vector<std::string> row;
    for (int i = 0; i < ::sqlite3_column_count(raw); ++i) {
      const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(raw, i));
      row.emplace_back(text == nullptr ? "" : text);
    }
    rows.push_back(std::move(row));
  }
  if (step != SQLITE_DONE) return failed(db, file, "read the database");
  return rows;
}

}  // namespace

Status copy_sqlite_database(const std::filesystem::path& from, const std::filesystem::path& to) {
  auto source = open_database(from, SQLITE_OPEN_READWRITE);  // WAL: a reader writes its index
  if (!source) return fail(std::move(source).error());
  {
    const Fd fd(::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) return fail(errno_error(fmt::format("create {}", to.string()), errno));
  }
  auto copy = open_database(to, SQLITE_OPEN_READWRITE);
  if (!copy) return fail(std::move(copy).error());
  sqlite3_backup* backup = ::sqlite3_backup_init(copy->get(), "main", source->get(), "main");
  if (backup == nullptr) return failed(copy->get(), to, "copy the database to");
  ::sqlite3_backup_step(backup, -1);  // one step: one state of the source
  if (::sqlite3_backup_finish(backup) != SQLITE_OK) {
    return failed(copy->get(), to, "copy the database to");
  }
  // One file without a log beside it.
  if (::sqlite3_exec(copy->get(), "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr) !=
      SQLITE_OK) {
    return failed(copy->get(), to, "finish");
  }
  copy->reset();
  const Fd fd(::open(to.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) {
    return fail(errno_error(fmt::format("fsync {}", to.string()), errno));
  }
  return {};
}

Result<DatabaseFacts> check_sqlite_database(const std::filesystem::path& file) {
  const auto db = open_database(file, SQLITE_OPEN_READONLY);
  if (!db) return fail(db.error());
  const auto damage = rows_of(db->get(), file, "PRAGMA integrity_check(1)");
  if (!damage) return fail(damage.error());
  if (damage->empty() || damage->front().front() != "ok") {
    return fail(ErrorCode::kFailed,
                fmt::format("the database {} is damaged: {}", file.string(),
                            damage->empty() ? "it says nothing" : damage->front().front()));
  }
  const auto references = rows_of(db->get(), file, "PRAGMA foreign_key_check");
  if (!references) return fail(references.error());
  if (!references->empty()) {
    return fail(ErrorCode::kFailed,
                fmt::format("the database {} is damaged: a row of {} refers to one that is missing",
                            file.string(), references->front().front()));
  }
  DatabaseFacts facts;
  const auto schema = rows_of(db->get(), file, "SELECT MAX(number) FROM schema_migrations");
  if (!schema) return fail(schema.error());
  facts.schema = std::atoi(schema->front().front().c_str());
  const auto tables =
      rows_of(db->get(), file,
              "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  if (!tables) return fail(tables.error());
  for (const auto& table : *tables) {
    char* sql = ::sqlite3_mprintf("SELECT COUNT(*) FROM \"%w\"", table.front().c_str());
    const std::string text(sql == nullptr ? "" : sql);
    ::sqlite3_free(sql);
    const auto count = rows_of(db->get(), file, text);
    if (!count) return fail(count.error());
    facts.rows[table.front()] = std::atoll(count->front().front().c_str());
  }
  return facts;
}

}  // namespace croft
