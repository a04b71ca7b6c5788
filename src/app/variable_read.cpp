#include "app/variable_read.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/resolve.h"
#include "store/variables.h"

namespace croft {
namespace {

Result<std::vector<Variable>> read_all(const Tx& tx, const Actor& actor, const VariableOwner& owner,
                                       bool reveal) {
  const auto project = find_project(tx, actor.scope, owner.project);
  if (!project) return fail(project.error());
  CROFT_TRY(authorize(actor, reveal ? Action::kWrite : Action::kRead, project->id));
  ServiceId service;
  if (!owner.service.empty()) {
    const auto found = find_service(tx, actor.scope, *project, owner.service);
    if (!found) return fail(found.error());
    service = found->id;
  }
  return list_variables(tx, actor.scope, project->id, service);
}

bool is_masked(const Variable& variable, bool reveal) {
  return !reveal &&
         (variable.kind == VariableKind::kSecret || variable.kind == VariableKind::kGenerated);
}

}  // namespace

Task<Result<std::vector<VariableView>>> show_variables(const AppContext& context,
                                                       const Actor& actor, VariableOwner owner,
                                                       bool reveal) {
  auto variables =
      co_await context.store.read([&](const Tx& tx) { return read_all(tx, actor, owner, reveal); });
  if (!variables) co_return fail(std::move(variables).error());
  std::vector<VariableView> views;
  for (Variable& variable : *variables) {
    const bool masked = is_masked(variable, reveal);
    views.push_back({std::move(variable), masked});
  }
  co_return views;
}

Task<Result<VariableView>> show_variable(const AppContext& context, const Actor& actor,
                                         VariableOwner owner, std::string key, bool reveal) {
  auto views = co_await show_variables(context, actor, owner, reveal);
  if (!views) co_return fail(std::move(views).error());
  const auto found = std::find_if(views->begin(), views->end(),
                                  [&](const VariableView& v) { return v.variable.key == key; });
  if (found == views->end()) {
    co_return fail(ErrorCode::kNotFound,
                   "there is no such variable; `croft project env` and "
                   "`croft service env` show those that exist");
  }
  co_return *found;
}

}  // namespace croft
