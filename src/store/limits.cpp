#include "store/limits.h"

#include "base/log.h"
#include "store/columns.h"
#include "store/projects.h"
#include "store/settings.h"

namespace croft {
namespace {

constexpr const char* kSettingLimits = "limits";

template <class T>
Status check_range(const T& values) {
  std::string wrong;
  boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
      [&](auto d) {
        const std::int64_t value = values.*d.pointer;
        if (value < 1 || value > kLargestLimit) wrong = d.name;
      });
  if (wrong.empty()) return {};
  return fail(
      Error(ErrorCode::kInvalid, fmt::format("limit {}: must be 1 to {}", wrong, kLargestLimit))
          .with_field({"/" + wrong, "out of range"}));
}

Result<std::int64_t> count(const Tx& tx, const Scope& scope, const ProjectId& project,
                           std::string_view sql) {
  const auto there = get_project(tx, scope, project);
  if (!there) return fail(there.error());
  const auto row = tx.query_one(sql, {column(project)});
  if (!row) return fail(row.error());
  return (*row)->integer(0);
}

}  // namespace

Result<Limits> read_limits(const Tx& tx) {
  const auto stored = get_setting(tx, Scope::platform(), kSettingLimits);
  if (!stored) return fail(stored.error());
  if (!*stored) return Limits{};
  return from_json_text<Limits>(**stored);
}

Status write_limits(Tx& tx, const Scope& scope, const Limits& limits) {
  if (!scope.all_projects()) {
    return fail(ErrorCode::kForbidden, "only owners of the platform change its limits");
  }
  CROFT_TRY(check_range(limits.project));
  CROFT_TRY(check_range(limits.requests));
  return set_setting(tx, Scope::platform(), kSettingLimits, to_json_text(limits));
}

Result<std::int64_t> project_disk_bytes(const Tx& tx, const Scope& scope,
                                        const ProjectId& project) {
  return count(tx, scope, project,
               "SELECT COALESCE(SUM(source_bytes + bundle_bytes), 0) FROM versions "
               "WHERE project_id = ?1");
}

Result<std::int64_t> project_builds(const Tx& tx, const Scope& scope, const ProjectId& project) {
  return count(tx, scope, project,
               "SELECT COUNT(*) FROM processes WHERE project_id = ?1 AND kind = 'deploy' AND "
               "status IN ('pending', 'running', 'canceling', 'rollbacking')");
}

}  // namespace croft
