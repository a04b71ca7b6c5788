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
  // Programs that know this schema, or a later one, work with a store that has this migration too:
  // it only adds what they leave alone. 0: only programs that know the migration itself.
  int oldest_reader = 0;
};

// The history for one database, in order.
std::span<const Migration> migrations_for(SqlDialect dialect);

// Whether a program with these migrations can work with the database, as it is or after migrate().
// kUnsupported: a newer croft has used it, in a way that this one cannot leave alone. kFailed: an
// applied migration's text has changed since.
Status check_schema(SqlConnection& connection, std::span<const Migration> migrations);

// Applies what is missing. Errors as of check_schema.
Status migrate(SqlConnection& connection, std::span<const Migration> migrations, Timestamp now);

}  // namespace croft
