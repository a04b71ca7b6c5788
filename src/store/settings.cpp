#include "store/settings.h"

#include "store/columns.h"

namespace croft {

Result<std::optional<std::string>> get_setting(const Tx& tx, const Scope& scope,
                                               std::string_view name) {
  if (!scope.all_projects()) return std::optional<std::string>();
  const auto row = tx.query_one("SELECT value FROM settings WHERE name = ?1", {column(name)});
  if (!row) return fail(row.error());
  if (!*row) return std::optional<std::string>();
  return std::optional<std::string>((*row)->text(0));
}

Status set_setting(Tx& tx, const Scope& scope, std::string_view name, std::string_view value) {
  if (!scope.is_platform()) {
    return fail(ErrorCode::kForbidden,
                fmt::format("setting {}: only croft itself changes it", name));
  }
  CROFT_TRY(
      tx.execute("INSERT INTO settings (name, value) VALUES (?1, ?2) "
                 "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                 {column(name), column(value)}));
  return {};
}

}  // namespace croft
