#include "store/events.h"

#include <algorithm>

#include "store/columns.h"

namespace croft {
namespace {

Event event_at(const SqlRow& row) {
  return {.id = row.integer(0),
          .project_id = id_at<ProjectId>(row, 1),
          .type = row.text(2),
          .data = json_at<boost::json::value>(row, 3),
          .at = time_at(row, 4)};
}

}  // namespace

Result<std::int64_t> append_event(Tx& tx, const Scope& scope, const ProjectId& project,
                                  std::string_view type, const boost::json::value& data) {
  if (!scope.sees(project)) {
    return fail(ErrorCode::kNotFound,
                fmt::format("project {}: there is no such project", project.str()));
  }
  const auto row = tx.execute_returning(
      "INSERT INTO events (project_id, type, data, at) VALUES (?1,?2,?3,?4) RETURNING id",
      {column(project), column(type), json_column(data), column(tx.now())});
  if (!row) return fail(row.error());
  tx.note_event(row->integer(0));
  return row->integer(0);
}

Result<std::vector<Event>> list_events(const Tx& tx, const Scope& scope, const ProjectId& project,
                                       std::int64_t after, int limit) {
  SelectQuery query("SELECT id, project_id, type, data, at FROM events WHERE 1 = 1");
  query.in_scope(scope, "project_id").where("id > ?", column(after));
  if (!project.empty()) query.where("project_id = ?", column(project));
  return all_rows(query.then("ORDER BY id").limit(std::clamp(limit, 1, 1000)).run(tx), event_at);
}

Result<std::int64_t> last_event_id(const Tx& tx, const Scope& scope) {
  const auto rows = SelectQuery("SELECT id FROM events WHERE 1 = 1")
                        .in_scope(scope, "project_id")
                        .then("ORDER BY id DESC")
                        .limit(1)
                        .run(tx);
  if (!rows) return fail(rows.error());
  return rows->empty() ? std::int64_t{0} : rows->front().integer(0);
}

// Says nothing about others' events but that ids are gone, so the scope does not matter.
Result<std::int64_t> first_event_id(const Tx& tx, const Scope&) {
  const auto row = tx.query_one("SELECT COALESCE(MIN(id), 0) FROM events", {});
  if (!row) return fail(row.error());
  return (*row)->integer(0);
}

Result<std::int64_t> prune_events(Tx& tx, const Scope& scope, Timestamp before, int keep) {
  if (!scope.is_platform()) return fail(ErrorCode::kForbidden, "only croft itself cleans up");
  return tx.execute(
      "DELETE FROM events WHERE at < ?1 OR id <= (SELECT COALESCE(MAX(id), 0) FROM events) - ?2",
      {column(before), column(keep)});
}

}  // namespace croft
