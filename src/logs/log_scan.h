// The search through stored lines, inside a read transaction. Internal to LogDb.
#pragma once

#include "base/result.h"
#include "logs/log_query.h"
#include "store/sql.h"

namespace croft {

// Newest first without `after`, oldest first with it; stops at the limit, at about 4 MiB of text,
// or after `max_rows` rows.
Result<LogPage> scan_log(SqlConnection& db, const LogQuery& query, int max_rows);

}  // namespace croft
