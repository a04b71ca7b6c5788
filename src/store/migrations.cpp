#include "store/migrations.h"

#include <fmt/format.h>
#include <sodium.h>

#include <map>

#include "base/check.h"
#include "base/log.h"
#include "store/sqlite/sqlite_schema.h"

namespace croft {
namespace {

std::string checksum(std::string_view text) {
  unsigned char digest[crypto_generichash_BYTES];
  ::crypto_generichash(digest, sizeof digest, reinterpret_cast<const unsigned char*>(text.data()),
                       text.size(), nullptr, 0);
  char hex[sizeof digest * 2 + 1];
  ::sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
  return hex;
}

struct Applied {
  std::string checksum;
  int oldest_reader = 0;
};

// Empty when there is no schema yet.
Result<std::map<int, Applied>> applied(SqlConnection& connection) {
  std::map<int, Applied> found;
  // Stores of the first releases have no schema_readers: nobody else can read what they do not say.
  const auto rows = connection.query(
      "SELECT m.number, m.checksum, COALESCE(r.oldest_reader, m.number) FROM schema_migrations m "
      "LEFT JOIN schema_readers r ON r.number = m.number ORDER BY m.number",
      {});
  if (!rows) return fail(rows.error());
  for (const SqlRow& row : *rows) {
    found.emplace(row.small(0), Applied{.checksum = row.text(1), .oldest_reader = row.small(2)});
  }
  return found;
}

Status compare(const std::map<int, Applied>& known, std::span<const Migration> migrations) {
  const int newest = migrations.empty() ? 0 : migrations.back().number;
  for (const auto& [number, one] : known) {
    if (number <= newest || one.oldest_reader <= newest) continue;
    return fail(ErrorCode::kUnsupported,
                fmt::format("the store has schema {}, and this croft knows only up to {}: it was "
                            "used by a newer croft; start that one, or restore an older backup",
                            known.rbegin()->first, newest));
  }
  for (const Migration& migration : migrations) {
    const auto before = known.find(migration.number);
    if (before == known.end() || before->second.checksum == checksum(migration.sql)) continue;
    return fail(ErrorCode::kFailed,
                fmt::format("schema {} ({}) of the store differs from this program's; use the "
                            "croft that made the store",
                            migration.number, migration.name));
  }
  return {};
}

Status make_tables(SqlConnection& connection) {
  return connection.run_script(
      "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT "
      "NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL);"
      "CREATE TABLE IF NOT EXISTS schema_readers (number INTEGER PRIMARY KEY, oldest_reader "
      "INTEGER NOT NULL)");
}

Status apply(SqlConnection& connection, const Migration& migration, Timestamp now) {
  CROFT_TRY(connection.begin(SqlConnection::Access::kWrite));
  Status done = connection.run_script(migration.sql);
  if (done) {
    const auto recorded = connection.execute(
        "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (?1,?2,?3,?4)",
        {std::int64_t{migration.number}, std::string(migration.name), checksum(migration.sql),
         now.ms});
    if (!recorded) done = fail(recorded.error());
  }
  if (done) {
    const int reader = migration.oldest_reader == 0 ? migration.number : migration.oldest_reader;
    const auto recorded =
        connection.execute("INSERT INTO schema_readers (number, oldest_reader) VALUES (?1,?2)",
                           {std::int64_t{migration.number}, std::int64_t{reader}});
    if (!recorded) done = fail(recorded.error());
  }
  if (done) done = connection.commit();
  if (!done) {
    connection.rollback();
    return fail(
        std::move(done.error())
            .in(fmt::format("migrate the store to {} ({})", migration.number, migration.name)));
  }
  log_info("store migrated", {{"number", migration.number}, {"name", migration.name}});
  return {};
}

}  // namespace

std::span<const Migration> migrations_for(SqlDialect dialect) {
  check(dialect == SqlDialect::kSqlite, "no schema for this database");
  return sqlite_migrations();
}

Status check_schema(SqlConnection& connection, std::span<const Migration> migrations) {
  CROFT_TRY(make_tables(connection));
  const auto known = applied(connection);
  if (!known) return fail(known.error());
  return compare(*known, migrations);
}

Status migrate(SqlConnection& connection, std::span<const Migration> migrations, Timestamp now) {
  CROFT_TRY(make_tables(connection));
  const auto known = applied(connection);
  if (!known) return fail(known.error());
  CROFT_TRY(compare(*known, migrations));
  for (const Migration& migration : migrations) {
    if (!known->contains(migration.number)) CROFT_TRY(apply(connection, migration, now));
  }
  return {};
}

}  // namespace croft
