#include "logs/log_db.h"

#include <fmt/format.h>

#include <map>

#include "logs/log_append.h"
#include "logs/log_scan.h"

namespace croft {
namespace {

constexpr std::int64_t kSchema = 1;
constexpr int kRetainRows = 5000;

// One row a line, in order of arrival. `at` (ms) is when it arrived: unlike `ts`, which containers'
// nodes set, it never goes back much, so it tells how far back a search must go.
constexpr const char* kTables = R"(
CREATE TABLE meta (version INTEGER NOT NULL) STRICT;
CREATE TABLE services (
  id INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  service TEXT NOT NULL,
  bytes INTEGER NOT NULL DEFAULT 0,
  UNIQUE (project, service)) STRICT;
CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  service INTEGER NOT NULL REFERENCES services (id),
  container TEXT NOT NULL,
  stream INTEGER NOT NULL,
  set_id TEXT NOT NULL,
  instance TEXT NOT NULL,
  role TEXT NOT NULL,
  node TEXT NOT NULL,
  last_ts INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  UNIQUE (container, stream)) STRICT;
CREATE TABLE lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service INTEGER NOT NULL,
  source INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  at INTEGER NOT NULL,
  line TEXT NOT NULL) STRICT;
CREATE INDEX lines_of_service ON lines (service, id);
CREATE INDEX sources_of_node ON sources (node);
)";

Status make_tables(SqlConnection& db) {
  CROFT_TRY(db.begin(SqlConnection::Access::kWrite));
  const auto made = [&]() -> Status {
    const auto there =
        db.query("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'", {});
    if (!there) return fail(there.error());
    if (there->front().integer(0) == 0) {
      CROFT_TRY(db.run_script(kTables));
      CROFT_TRY(db.execute("INSERT INTO meta (version) VALUES (?1)", {kSchema}));
      return {};
    }
    const auto version = db.query("SELECT version FROM meta LIMIT 1", {});
    if (!version) return fail(version.error());
    if (!version->empty() && version->front().integer(0) <= kSchema) return {};
    return fail(
        ErrorCode::kUnsupported,
        "the log database was written by a newer croft: install that, or move logs.db away");
  }();
  if (made) return db.commit();
  db.rollback();
  return made;
}

// Deletes up to kRetainRows of a service's oldest lines that `condition` (about ?2) allows.
Result<std::int64_t> delete_oldest(SqlConnection& db, std::int64_t service, std::int64_t before) {
  const auto gone = db.query(
      fmt::format("DELETE FROM lines WHERE id IN (SELECT id FROM lines WHERE service = ?1 AND at < "
                  "?2 ORDER BY id LIMIT {}) RETURNING length(CAST(line AS BLOB))",
                  kRetainRows),
      {service, before});
  if (!gone) return fail(gone.error());
  std::int64_t bytes = 0;
  for (const SqlRow& row : *gone) bytes += row.integer(0);
  CROFT_TRY(
      db.execute("UPDATE services SET bytes = max(0, bytes - ?2) WHERE id = ?1", {service, bytes}));
  return static_cast<std::int64_t>(gone->size());
}

Result<std::int64_t> retain_step(SqlConnection& db, const LogLimits& limits, Timestamp now) {
  const std::int64_t oldest = now.ms - limits.max_age.count();
  const auto old = db.query("SELECT service, at FROM lines ORDER BY id LIMIT 1", {});
  if (!old) return fail(old.error());
  if (!old->empty() && old->front().integer(1) < oldest) {
    return delete_oldest(db, old->front().integer(0), oldest);
  }
  const auto total = db.query("SELECT coalesce(sum(bytes), 0) FROM services", {});
  if (!total) return fail(total.error());
  if (total->front().integer(0) > limits.max_bytes) {
    const auto largest = db.query("SELECT id FROM services ORDER BY bytes DESC LIMIT 1", {});
    if (!largest) return fail(largest.error());
    return delete_oldest(db, largest->front().integer(0), INT64_MAX);
  }
  // Within a project, too, the service with most loses first.
  const auto over = db.query(
      "SELECT id FROM services WHERE project IN (SELECT project FROM services GROUP BY project "
      "HAVING sum(bytes) > ?1) ORDER BY bytes DESC LIMIT 1",
      {limits.max_project_bytes});
  if (!over) return fail(over.error());
  if (!over->empty()) return delete_oldest(db, over->front().integer(0), INT64_MAX);
  // A container that still runs has printed or will print again; its cursor may go after so long.
  CROFT_TRY(
      db.execute("DELETE FROM sources WHERE last_at < ?1 AND id NOT IN "
                 "(SELECT DISTINCT source FROM lines)",
                 {oldest}));
  return 0;
}

}  // namespace

Result<std::unique_ptr<LogDb>> LogDb::open(std::unique_ptr<SqlDatabase> database) {
  std::unique_ptr<LogDb> db(new LogDb);
  db->database_ = std::move(database);
  auto writer = db->database_->open_writer();
  if (!writer) return fail(std::move(writer).error().in("open the log database"));
  db->writer_ = std::move(*writer);
  auto reader = db->database_->open_reader();
  if (reader) {
    db->reader_ = std::move(*reader);
  } else if (reader.error().code() != ErrorCode::kUnsupported) {
    return fail(std::move(reader).error().in("open the log database"));
  }
  if (auto made = make_tables(*db->writer_); !made) {
    return fail(std::move(made).error().in("open the log database"));
  }
  return db;
}

Result<std::int64_t> LogDb::append(const std::string& node, const std::vector<LogRecord>& records,
                                   Timestamp now) {
  const std::lock_guard lock(writer_mutex_);
  CROFT_TRY(writer_->begin(SqlConnection::Access::kWrite));
  LogAppend append(*writer_, node, now);
  auto stored = append.run(records);
  if (!stored) {
    writer_->rollback();
    return stored;
  }
  CROFT_TRY(writer_->commit());
  return stored;
}

Result<LogPage> LogDb::query(const LogQuery& query, int max_rows) {
  if (query.limit < 1 || query.limit > kMaxLogLines) {
    return fail(ErrorCode::kInvalid, fmt::format("read logs: limit {} is not within 1 to {}",
                                                 query.limit, kMaxLogLines));
  }
  const std::lock_guard lock(reader_mutex());
  SqlConnection& db = reader();
  CROFT_TRY(db.begin(SqlConnection::Access::kRead));
  auto page = scan_log(db, query, max_rows);
  db.rollback();
  return page;
}

Result<std::vector<LogCursor>> LogDb::cursors(const std::string& node) {
  const std::lock_guard lock(reader_mutex());
  const auto rows = reader().query(
      "SELECT container, stream, last_ts, last_seq FROM sources WHERE node = ?1 "
      "ORDER BY container, stream LIMIT 100000",
      {node});
  if (!rows) return fail(rows.error());
  std::vector<LogCursor> cursors;
  for (const SqlRow& row : *rows) {
    cursors.push_back({.container = row.text(0),
                       .stream = static_cast<LogStream>(row.small(1)),
                       .ts = row.integer(2),
                       .seq = row.integer(3)});
  }
  return cursors;
}

Result<std::int64_t> LogDb::retain(const LogLimits& limits, Timestamp now) {
  const std::lock_guard lock(writer_mutex_);
  CROFT_TRY(writer_->begin(SqlConnection::Access::kWrite));
  auto gone = retain_step(*writer_, limits, now);
  if (!gone) {
    writer_->rollback();
    return gone;
  }
  CROFT_TRY(writer_->commit());
  return gone;
}

}  // namespace croft
