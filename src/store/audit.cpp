#include "store/audit.h"

#include "store/audit_chain.h"
#include "store/columns.h"

namespace croft {
namespace {

constexpr std::string_view kSelect =
    "SELECT number, at, user_id, actor, token_id, action, project_id, object, result, reason, "
    "peer, request_id, hash FROM audit WHERE 1 = 1";

template <class I>
I id_or_empty(const SqlRow& row, std::size_t i) {
  return I::parse(row.text(i)).value_or(I());
}

// Tolerant where others check(): a trail that was tampered with must still be readable.
AuditEntry entry_at(const SqlRow& row) {
  return {.number = row.integer(0),
          .at = time_at(row, 1),
          .user_id = id_or_empty<UserId>(row, 2),
          .actor = row.text(3),
          .token_id = id_or_empty<TokenId>(row, 4),
          .action = row.text(5),
          .project_id = id_or_empty<ProjectId>(row, 6),
          .object = row.text(7),
          .result = enum_from_string<AuditResult>(row.text(8)).value_or(AuditResult::kFailed),
          .reason = row.text(9),
          .peer = row.text(10),
          .request_id = row.text(11),
          .hash = row.text(12)};
}

}  // namespace

// No check of the project: a refusal is written about what its user cannot see.
Status append_audit(Tx& tx, const Scope& scope, const AuditEntry& entry) {
  AuditEntry made = entry;
  made.at = tx.now();
  if (!scope.is_platform()) made.user_id = scope.user();
  CROFT_TRY(link_audit(tx, made));
  CROFT_TRY(tx.execute(
      "INSERT INTO audit (number, at, user_id, actor, token_id, action, project_id, object, "
      "result, reason, peer, request_id, hash) "
      "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
      {column(made.number), column(made.at), column(made.user_id), column(made.actor),
       column(made.token_id), column(made.action), column(made.project_id), column(made.object),
       column(made.result), column(made.reason), column(made.peer), column(made.request_id),
       column(made.hash)}));
  return {};
}

Result<Paged<AuditEntry>> list_audit(const Tx& tx, const Scope& scope, const ProjectId& project,
                                     const Page& page) {
  const auto after = page_number(page);
  if (!after) return fail(after.error());
  const int limit = page_limit(page);
  SelectQuery query(kSelect);
  query.in_scope(scope, "project_id");
  if (!project.empty()) query.where("project_id = ?", column(project));
  if (*after > 0) query.where("number < ?", *after);
  return page_of(query.then("ORDER BY number DESC").limit(limit + 1).run(tx), entry_at, limit,
                 [](const AuditEntry& entry) { return std::to_string(entry.number); });
}

}  // namespace croft
