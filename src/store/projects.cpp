#include "store/projects.h"

#include "model/network_number.h"
#include "store/columns.h"
#include "store/events.h"

namespace croft {
namespace {

#define CROFT_PROJECT_COLUMNS                                                        \
  "id, name, description, status, tags, env_isolation, network_number, generation, " \
  "created_at"

Project project_at(const SqlRow& row) {
  return {.id = id_at<ProjectId>(row, 0),
          .name = row.text(1),
          .description = row.text(2),
          .status = enum_at<ProjectStatus>(row, 3),
          .tags = json_at<std::vector<std::string>>(row, 4),
          .env_isolation = enum_at<EnvIsolation>(row, 5),
          .network_number = row.small(6),
          .generation = row.integer(7),
          .created_at = time_at(row, 8)};
}

tl::unexpected<Error> no_project(std::string_view which) {
  return fail(
      ErrorCode::kNotFound,
      fmt::format("project {}: there is no such project; `croft project list` shows yours", which));
}

Result<Project> found(const Result<std::optional<SqlRow>>& row, const Scope& scope,
                      std::string_view which) {
  if (!row) return fail(row.error());
  if (!*row) return no_project(which);
  Project project = project_at(**row);
  if (!scope.sees(project.id)) return no_project(which);
  return project;
}

Status tell(Tx& tx, const Project& project, std::string_view what) {
  CROFT_TRY(append_event(tx, Scope::platform(), project.id, fmt::format("project.{}", what),
                         {{"project_id", project.id.str()},
                          {"name", project.name},
                          {"status", enum_to_string(project.status)}}));
  return {};
}

Result<int> free_network_number(Tx& tx) {
  const auto row = tx.query_one(
      "SELECT MIN(n) FROM (SELECT 1 AS n UNION ALL SELECT network_number + 1 FROM projects) AS c "
      "WHERE n NOT IN (SELECT network_number FROM projects)",
      {});
  if (!row) return fail(row.error());
  const int number = (*row)->small(0);
  if (number > kMaxNetworkNumber) {
    return fail(ErrorCode::kExhausted,
                fmt::format("the platform holds {} projects, which is all it has networks for; "
                            "delete one first",
                            kMaxNetworkNumber));
  }
  return number;
}

}  // namespace

Result<Project> create_project(Tx& tx, const Scope& scope, const NewProject& wanted) {
  const auto taken = tx.query_one("SELECT 1 FROM projects WHERE name = ?1", {column(wanted.name)});
  if (!taken) return fail(taken.error());
  if (*taken) {
    return fail(ErrorCode::kConflict,
                fmt::format("project {}: the name is taken; choose another one", wanted.name));
  }
  const auto number = free_network_number(tx);
  if (!number) return fail(number.error());
  const Project project{.id = ProjectId::generate(tx.random()),
                        .name = wanted.name,
                        .description = wanted.description,
                        .status = ProjectStatus::kCreating,
                        .tags = wanted.tags,
                        .env_isolation = wanted.env_isolation,
                        .network_number = *number,
                        .generation = 1,
                        .created_at = tx.now()};
  CROFT_TRY(tx.execute(
      "INSERT INTO projects (" CROFT_PROJECT_COLUMNS ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
      {column(project.id), column(project.name), column(project.description),
       column(project.status), json_column(project.tags), column(project.env_isolation),
       column(project.network_number), column(project.generation), column(project.created_at)}));
  if (!scope.user().empty()) {
    CROFT_TRY(add_member(tx, scope.with(project.id), project.id, scope.user()));
  }
  CROFT_TRY(tell(tx, project, "created"));
  return project;
}

Result<Project> get_project(const Tx& tx, const Scope& scope, const ProjectId& id) {
  return found(
      tx.query_one("SELECT " CROFT_PROJECT_COLUMNS " FROM projects WHERE id = ?1", {column(id)}),
      scope, id.str());
}

Result<Project> get_project_by_name(const Tx& tx, const Scope& scope, std::string_view name) {
  return found(tx.query_one("SELECT " CROFT_PROJECT_COLUMNS " FROM projects WHERE name = ?1",
                            {column(name)}),
               scope, name);
}

Result<Paged<Project>> list_projects(const Tx& tx, const Scope& scope, const Page& page) {
  const int limit = page_limit(page);
  const auto rows = SelectQuery("SELECT " CROFT_PROJECT_COLUMNS " FROM projects WHERE 1 = 1")
                        .in_scope(scope, "id")
                        .where("name > ?", column(page.after))
                        .then("ORDER BY name")
                        .limit(limit + 1)
                        .run(tx);
  return page_of(rows, project_at, limit, [](const Project& p) { return p.name; });
}

Result<std::vector<Project>> all_projects(const Tx& tx, const Scope& scope) {
  return all_rows(SelectQuery("SELECT " CROFT_PROJECT_COLUMNS " FROM projects WHERE 1 = 1")
                      .in_scope(scope, "id")
                      .then("ORDER BY name")
                      .run(tx),
                  project_at);
}

Result<Project> update_project(Tx& tx, const Scope& scope, const Project& project) {
  const auto stored = get_project(tx, scope, project.id);
  if (!stored) return fail(stored.error());
  if (stored->generation != project.generation) {
    return fail(ErrorCode::kPrecondition,
                fmt::format("project {}: it has changed meanwhile; read it again and repeat",
                            stored->name));
  }
  CROFT_TRY(
      tx.execute("UPDATE projects SET description = ?2, tags = ?3, env_isolation = ?4, "
                 "generation = generation + 1 WHERE id = ?1",
                 {column(project.id), column(project.description), json_column(project.tags),
                  column(project.env_isolation)}));
  auto changed = get_project(tx, scope, project.id);
  if (!changed) return changed;
  CROFT_TRY(tell(tx, *changed, "changed"));
  return changed;
}

Status set_project_status(Tx& tx, const Scope& scope, const ProjectId& id, ProjectStatus status) {
  auto project = get_project(tx, scope, id);
  if (!project) return fail(project.error());
  if (project->status == status) return {};
  CROFT_TRY(
      tx.execute("UPDATE projects SET status = ?2 WHERE id = ?1", {column(id), column(status)}));
  project->status = status;
  return tell(tx, *project, "changed");
}

Result<std::int64_t> touch_project(Tx& tx, const Scope& scope, const ProjectId& id) {
  CROFT_TRY(get_project(tx, scope, id));
  const auto row = tx.execute_returning(
      "UPDATE projects SET generation = generation + 1 WHERE id = ?1 RETURNING generation",
      {column(id)});
  if (!row) return fail(row.error());
  return row->integer(0);
}

Status delete_project(Tx& tx, const Scope& scope, const ProjectId& id) {
  const auto project = get_project(tx, scope, id);
  if (!project) return fail(project.error());
  // Sets first: they hold on to their versions.
  CROFT_TRY(tx.execute("DELETE FROM instance_sets WHERE project_id = ?1", {column(id)}));
  CROFT_TRY(tx.execute("DELETE FROM projects WHERE id = ?1", {column(id)}));
  return tell(tx, *project, "deleted");
}

Result<std::vector<ProjectId>> member_projects(const Tx& tx, const Scope& scope,
                                               const UserId& user) {
  if (!scope.sees_user(user)) return std::vector<ProjectId>();
  return all_rows(
      tx.query("SELECT project_id FROM project_members WHERE user_id = ?1 ORDER BY project_id",
               {column(user)}),
      +[](const SqlRow& row) { return id_at<ProjectId>(row, 0); });
}

Status add_member(Tx& tx, const Scope& scope, const ProjectId& project, const UserId& user) {
  CROFT_TRY(get_project(tx, scope, project));
  const auto known = tx.query_one("SELECT 1 FROM users WHERE id = ?1", {column(user)});
  if (!known) return fail(known.error());
  if (!*known) return fail(ErrorCode::kNotFound, fmt::format("user {}: no such user", user.str()));
  CROFT_TRY(tx.execute(
      "INSERT INTO project_members (project_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
      {column(project), column(user)}));
  return {};
}

Status remove_member(Tx& tx, const Scope& scope, const ProjectId& project, const UserId& user) {
  CROFT_TRY(get_project(tx, scope, project));
  CROFT_TRY(tx.execute("DELETE FROM project_members WHERE project_id = ?1 AND user_id = ?2",
                       {column(project), column(user)}));
  return {};
}

}  // namespace croft
