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

Result<std::map<int, std::string>> applied(SqlConnection& connection) {
  const auto rows =
      connection.query("SELECT number, checksum FROM schema_migrations ORDER BY number", {});
  if (!rows) return fail(rows.error());
  std::map<int, std::string> found;
  for (const SqlRow& row : *rows) found.emplace(row.small(0), row.text(1));
  return found;
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

Status migrate(SqlConnection& connection, std::span<const Migration> migrations, Timestamp now) {
  CROFT_TRY(connection.run_script(
      "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT "
      "NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)"));
  const auto known = applied(connection);
  if (!known) return fail(known.error());
  const int newest = migrations.empty() ? 0 : migrations.back().number;
  if (!known->empty() && known->rbegin()->first > newest) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("the store has schema {}, and this croft knows only up to {}: it was "
                            "used by a newer croft; start that one, or restore an older backup",
                            known->rbegin()->first, newest));
  }
  for (const Migration& migration : migrations) {
    const auto before = known->find(migration.number);
    if (before == known->end()) {
      CROFT_TRY(apply(connection, migration, now));
    } else if (before->second != checksum(migration.sql)) {
      return fail(ErrorCode::kFailed,
                  fmt::format("schema {} ({}) of the store differs from this program's; use the "
                              "croft that made the store",
                              migration.number, migration.name));
    }
  }
  return {};
}

}  // namespace croft
