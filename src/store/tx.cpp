#include "store/tx.h"

#include "base/check.h"

namespace croft {

Result<std::optional<SqlRow>> Tx::query_one(std::string_view sql, const SqlParams& params) const {
  auto rows = sql_.query(sql, params);
  if (!rows) return fail(std::move(rows).error());
  check(rows->size() <= 1, "a query for one row found several");
  if (rows->empty()) return std::optional<SqlRow>();
  return std::optional<SqlRow>(std::move(rows->front()));
}

Result<SqlRow> Tx::execute_returning(std::string_view sql, const SqlParams& params) {
  auto rows = sql_.query(sql, params);
  if (!rows) return fail(std::move(rows).error());
  check(rows->size() == 1, "a statement must return one row");
  return std::move(rows->front());
}

}  // namespace croft
