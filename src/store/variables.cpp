#include "store/variables.h"

#include "store/columns.h"
#include "store/events.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

#define CROFT_VARIABLE_COLUMNS                                                           \
  "id, project_id, service_id, key, kind, editable, deletable, generation, updated_at, " \
  "value_sealed"

SecretPlace value_of(const VariableId& id) {
  return {"variables", "value", id.str()};
}

Result<Variable> variable_at(const Tx& tx, const SqlRow& row) {
  Variable variable{.id = id_at<VariableId>(row, 0),
                    .project_id = id_at<ProjectId>(row, 1),
                    .service_id = id_at<ServiceId>(row, 2),
                    .key = row.text(3),
                    .kind = enum_at<VariableKind>(row, 4),
                    .editable = row.flag(5),
                    .deletable = row.flag(6),
                    .generation = row.integer(7),
                    .updated_at = time_at(row, 8),
                    .value = {}};
  auto value = tx.cipher().decrypt(value_of(variable.id), row.blob(9));
  if (!value) return fail(std::move(value.error()).in("variable " + variable.key));
  variable.value = std::move(*value);
  return variable;
}

Result<std::vector<Variable>> variables_at(const Tx& tx, const Result<std::vector<SqlRow>>& rows) {
  if (!rows) return fail(rows.error());
  std::vector<Variable> variables;
  variables.reserve(rows->size());
  for (const SqlRow& row : *rows) {
    auto variable = variable_at(tx, row);
    if (!variable) return fail(std::move(variable).error());
    variables.push_back(std::move(*variable));
  }
  return variables;
}

// What the variables belong to: its id, and its name for messages.
struct Owner {
  std::string id;
  std::string name;
};

Result<Owner> owner_of(const Tx& tx, const Scope& scope, const ProjectId& project,
                       const ServiceId& service) {
  const auto of = get_project(tx, scope, project);
  if (!of) return fail(of.error());
  if (service.empty()) return Owner{project.str(), "project " + of->name};
  const auto found = get_service(tx, scope, service);
  if (!found) return fail(found.error());
  if (found->project_id != project) {
    return fail(
        ErrorCode::kNotFound,
        fmt::format("service {}: there is no such service in project {}", service.str(), of->name));
  }
  return Owner{service.str(), fmt::format("service {}/{}", of->name, found->hostname)};
}

tl::unexpected<Error> no_variable(const Owner& owner, std::string_view key) {
  return fail(ErrorCode::kNotFound, fmt::format("{}: there is no variable {}", owner.name, key));
}

// Something of theirs has changed: a new generation, and an event without keys or values.
Status bump_generation(Tx& tx, const ProjectId& project, const ServiceId& service) {
  CROFT_TRY(append_event(tx, Scope::platform(), project, "variable.changed",
                         {{"service_id", service.str()}}));
  CROFT_TRY(service.empty()
                ? tx.execute("UPDATE projects SET generation = generation + 1 WHERE id = ?1",
                             {column(project)})
                : tx.execute("UPDATE services SET generation = generation + 1 WHERE id = ?1",
                             {column(service)}));
  return {};
}

Status check_room(const Tx& tx, const Owner& owner, std::string_view key) {
  const auto count = tx.query_one("SELECT COUNT(*) FROM variables WHERE owner_id = ?1", {owner.id});
  if (!count) return fail(count.error());
  if ((*count)->integer(0) < kMaxVariables) return {};
  return fail(ErrorCode::kExhausted,
              fmt::format("{}: variable {} would be one more than the {} it may have; remove some",
                          owner.name, key, kMaxVariables));
}

Status insert_variable(Tx& tx, const VariableId& id, const Owner& owner, const NewVariable& v) {
  CROFT_TRY(tx.execute(
      "INSERT INTO variables (" CROFT_VARIABLE_COLUMNS
      ", owner_id, key_folded) VALUES (?1,?2,?3,?4,?5,?6,?7,1,?8,?9,?10,?11)",
      {column(id), column(v.project_id),
       v.service_id.empty() ? SqlValue(SqlNull{}) : column(v.service_id), column(v.key),
       column(v.kind), column(v.editable), column(v.deletable), column(tx.now()),
       SqlBlob{tx.cipher().encrypt(value_of(id), v.value)}, owner.id, folded_key(v.key)}));
  return {};
}

Status replace_variable(Tx& tx, const VariableId& id, const NewVariable& v) {
  CROFT_TRY(tx.execute(
      "UPDATE variables SET kind = ?2, editable = ?3, deletable = ?4, value_sealed = ?5, "
      "updated_at = ?6, generation = generation + 1 WHERE id = ?1",
      {column(id), column(v.kind), column(v.editable), column(v.deletable),
       SqlBlob{tx.cipher().encrypt(value_of(id), v.value)}, column(tx.now())}));
  return {};
}

}  // namespace

Result<Variable> set_variable(Tx& tx, const Scope& scope, const NewVariable& wanted) {
  const auto owner = owner_of(tx, scope, wanted.project_id, wanted.service_id);
  if (!owner) return fail(owner.error());
  const auto same =
      tx.query_one("SELECT id, key FROM variables WHERE owner_id = ?1 AND key_folded = ?2",
                   {owner->id, folded_key(wanted.key)});
  if (!same) return fail(same.error());
  if (!*same) {
    CROFT_TRY(check_room(tx, *owner, wanted.key));
    CROFT_TRY(insert_variable(tx, VariableId::generate(tx.random()), *owner, wanted));
  } else if ((*same)->text(1) == wanted.key) {
    CROFT_TRY(replace_variable(tx, id_at<VariableId>(**same, 0), wanted));
  } else {
    return fail(ErrorCode::kConflict,
                fmt::format("{}: variable {} differs from the existing {} only by case; remove "
                            "that one first, or use its name",
                            owner->name, wanted.key, (*same)->text(1)));
  }
  CROFT_TRY(bump_generation(tx, wanted.project_id, wanted.service_id));
  return get_variable(tx, scope, wanted.project_id, wanted.service_id, wanted.key);
}

Result<Variable> get_variable(const Tx& tx, const Scope& scope, const ProjectId& project,
                              const ServiceId& service, std::string_view key) {
  const auto owner = owner_of(tx, scope, project, service);
  if (!owner) return fail(owner.error());
  const auto row = tx.query_one("SELECT " CROFT_VARIABLE_COLUMNS
                                " FROM variables WHERE owner_id = ?1 AND key = ?2",
                                {owner->id, column(key)});
  if (!row) return fail(row.error());
  if (!*row) return no_variable(*owner, key);
  return variable_at(tx, **row);
}

Result<std::vector<Variable>> list_variables(const Tx& tx, const Scope& scope,
                                             const ProjectId& project, const ServiceId& service) {
  const auto owner = owner_of(tx, scope, project, service);
  if (!owner) return fail(owner.error());
  return variables_at(tx, tx.query("SELECT " CROFT_VARIABLE_COLUMNS
                                   " FROM variables WHERE owner_id = ?1 ORDER BY key_folded",
                                   {owner->id}));
}

Result<std::vector<Variable>> all_variables(const Tx& tx, const Scope& scope,
                                            const ProjectId& project) {
  CROFT_TRY(get_project(tx, scope, project));
  return variables_at(
      tx, tx.query("SELECT " CROFT_VARIABLE_COLUMNS
                   " FROM variables WHERE project_id = ?1 ORDER BY owner_id, key_folded",
                   {column(project)}));
}

Status remove_variable(Tx& tx, const Scope& scope, const ProjectId& project,
                       const ServiceId& service, std::string_view key) {
  const auto owner = owner_of(tx, scope, project, service);
  if (!owner) return fail(owner.error());
  const auto removed = tx.execute("DELETE FROM variables WHERE owner_id = ?1 AND key = ?2",
                                  {owner->id, column(key)});
  if (!removed) return fail(removed.error());
  if (*removed == 0) return no_variable(*owner, key);
  return bump_generation(tx, project, service);
}

Status remove_variables_of_kind(Tx& tx, const Scope& scope, const ProjectId& project,
                                const ServiceId& service, VariableKind kind) {
  const auto owner = owner_of(tx, scope, project, service);
  if (!owner) return fail(owner.error());
  const auto removed = tx.execute("DELETE FROM variables WHERE owner_id = ?1 AND kind = ?2",
                                  {owner->id, column(kind)});
  if (!removed) return fail(removed.error());
  return *removed == 0 ? Status() : bump_generation(tx, project, service);
}

}  // namespace croft
