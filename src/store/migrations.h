// The schema and its history. Migration n brings schema n-1 to n, in one transaction, recorded with
// the checksum of its text in the table schema_migrations.
#pragma once

#include <span>
#include <string_view>

#include "base/time.h"
#include "store/sql.h"

namespace croft {

struct Migration {
  int number = 0;  // 1, 2, 3…
  std::string_view name;
  std::string_view sql;
};

// The history for one database, in order.
std::span<const Migration> migrations_for(SqlDialect dialect);

// Applies what is missing. kUnsupported: the database was made by a newer croft. kFailed: an
// applied migration's text has changed since.
Status migrate(SqlConnection& connection, std::span<const Migration> migrations, Timestamp now);

}  // namespace croft
