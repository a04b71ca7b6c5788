#include "store/audit.h"

#include "store/columns.h"

namespace croft {
namespace {

AuditEntry entry_at(const SqlRow& row) {
  return {.number = row.integer(0),
          .at = time_at(row, 1),
          .user_id = id_at<UserId>(row, 2),
          .actor = row.text(3),
          .token_id = id_at<TokenId>(row, 4),
          .action = row.text(5),
          .project_id = id_at<ProjectId>(row, 6),
          .object = row.text(7),
          .result = enum_at<AuditResult>(row, 8),
          .reason = row.text(9),
          .peer = row.text(10),
          .request_id = row.text(11)};
}

}  // namespace

// No check of the project: a refusal is written about what its user cannot see.
Status append_audit(Tx& tx, const Scope& scope, const AuditEntry& entry) {
  const UserId& user = scope.is_platform() ? entry.user_id : scope.user();
  CROFT_TRY(tx.execute(
      "INSERT INTO audit (at, user_id, actor, token_id, action, project_id, object, result, "
      "reason, peer, request_id) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
      {column(tx.now()), column(user), column(entry.actor), column(entry.token_id),
       column(entry.action), column(entry.project_id), column(entry.object), column(entry.result),
       column(entry.reason), column(entry.peer), column(entry.request_id)}));
  return {};
}

Result<Paged<AuditEntry>> list_audit(const Tx& tx, const Scope& scope, const ProjectId& project,
                                     const Page& page) {
  const auto after = page_number(page);
  if (!after) return fail(after.error());
  const int limit = page_limit(page);
  SelectQuery query(
      "SELECT number, at, user_id, actor, token_id, action, project_id, object, result, reason, "
      "peer, request_id FROM audit WHERE 1 = 1");
  query.in_scope(scope, "project_id");
  if (!project.empty()) query.where("project_id = ?", column(project));
  if (*after > 0) query.where("number < ?", *after);
  return page_of(query.then("ORDER BY number DESC").limit(limit + 1).run(tx), entry_at, limit,
                 [](const AuditEntry& entry) { return std::to_string(entry.number); });
}

}  // namespace croft
