#include "app/variable_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/resolve.h"
#include "model/variable.h"
#include "store/instance_sets.h"
#include "store/services.h"
#include "store/variables.h"

namespace croft {
namespace {

struct Owner {
  Project project;
  std::optional<Service> service;

  ServiceId service_id() const { return service ? service->id : ServiceId(); }
  std::string name() const {
    return service ? fmt::format("service {}/{}", project.name, service->hostname)
                   : "project " + project.name;
  }
};

Result<Owner> find_owner(const Tx& tx, const Actor& actor, const VariableOwner& wanted) {
  auto project = find_project(tx, actor.scope, wanted.project);
  if (!project) return fail(std::move(project).error());
  CROFT_TRY(authorize(actor, Action::kWrite, project->id));
  Owner owner{std::move(*project), std::nullopt};
  if (!wanted.service.empty()) {
    auto service = find_service(tx, actor.scope, owner.project, wanted.service);
    if (!service) return fail(std::move(service).error());
    owner.service = std::move(*service);
  }
  return owner;
}

bool set_by_user(const Variable& variable) {
  return variable.kind == VariableKind::kUser || variable.kind == VariableKind::kSecret;
}

using Known = std::map<std::string, Variable>;

Result<Known> known_variables(const Tx& tx, const Actor& actor, const Owner& owner) {
  auto all = list_variables(tx, actor.scope, owner.project.id, owner.service_id());
  if (!all) return fail(std::move(all).error());
  Known known;
  for (Variable& variable : *all) known.emplace(variable.key, std::move(variable));
  return known;
}

Status check_may_change(const Owner& owner, const Variable& known) {
  if (known.kind == VariableKind::kYaml) {
    return fail(ErrorCode::kConflict,
                fmt::format("{}: variable {} comes from run.envVariables of the active version; "
                            "change it there and deploy, or choose another key",
                            owner.name(), known.key));
  }
  if (!known.editable) {
    return fail(ErrorCode::kConflict,
                fmt::format("{}: variable {} is set by croft and cannot be changed", owner.name(),
                            known.key));
  }
  return {};
}

VariableKind kind_of(const VariableInput& input, const Variable* known) {
  if (known != nullptr && !set_by_user(*known)) return known->kind;
  if (input.secret) return *input.secret ? VariableKind::kSecret : VariableKind::kUser;
  return known != nullptr ? known->kind : VariableKind::kUser;
}

Status set_one(Tx& tx, const Actor& actor, const Owner& owner, const Known& known,
               const VariableInput& input, VariablesChanged& told) {
  const auto found = known.find(input.key);
  const Variable* before = found == known.end() ? nullptr : &found->second;
  const VariableKind kind = kind_of(input, before);
  if (before != nullptr) {
    if (before->kind == kind && before->value.equals(input.value.reveal())) return {};
    CROFT_TRY(check_may_change(owner, *before));
  }
  CROFT_TRY(set_variable(tx, actor.scope,
                         {.project_id = owner.project.id,
                          .service_id = owner.service_id(),
                          .key = input.key,
                          .value = input.value,
                          .kind = kind,
                          .editable = true,
                          .deletable = before == nullptr || before->deletable}));
  told.changed.push_back(input.key);
  return {};
}

Status remove_others(Tx& tx, const Actor& actor, const Owner& owner, const Known& known,
                     const std::vector<VariableInput>& inputs, VariablesChanged& told) {
  for (const auto& [key, variable] : known) {
    const bool wanted =
        std::any_of(inputs.begin(), inputs.end(),
                    [&name = key](const VariableInput& i) { return i.key == name; });
    if (wanted || !set_by_user(variable) || !variable.deletable) continue;
    CROFT_TRY(remove_variable(tx, actor.scope, owner.project.id, owner.service_id(), key));
    told.removed.push_back(key);
  }
  return {};
}

// Services with containers that were started with the values before.
Status note_restarts(const Tx& tx, const Actor& actor, const Owner& owner, VariablesChanged& told) {
  if (told.changed.empty() && told.removed.empty()) return {};
  const auto services = list_services(tx, actor.scope, owner.project.id);
  if (!services) return fail(services.error());
  for (const Service& service : *services) {
    if (owner.service ? service.id != owner.service->id : is_managed(service.category)) continue;
    const auto sets = list_instance_sets(tx, actor.scope, service.id);
    if (!sets) return fail(sets.error());
    if (!sets->empty()) told.restart_needed.push_back(service.hostname);
  }
  return {};
}

}  // namespace

Status check_variables(const std::vector<VariableInput>& inputs) {
  std::vector<FieldError> complaints;
  std::map<std::string, std::string> seen;
  for (const VariableInput& input : inputs) {
    Status good = check_variable_key(input.key);
    if (good) good = check_variable_value(input.key, input.value.reveal());
    if (!good) {
      complaints.push_back({input.pointer, good.error().message()});
      continue;
    }
    const auto [other, is_new] = seen.emplace(folded_key(input.key), input.key);
    if (!is_new) {
      complaints.push_back(
          {input.pointer,
           fmt::format("variable {} comes twice (keys differ by more than case)", input.key)});
    }
  }
  if (complaints.empty()) return {};
  const std::string first = complaints.front().message;
  return fail(Error(ErrorCode::kInvalid, first).with_fields(std::move(complaints)));
}

Task<Result<VariablesChanged>> set_variables(const AppContext& context, const Actor& actor,
                                             VariableOwner owner, std::vector<VariableInput> inputs,
                                             bool replace) {
  CROFT_CO_TRY(check_variables(inputs));
  co_return co_await context.store.write([&](Tx& tx) -> Result<VariablesChanged> {
    const auto whose = find_owner(tx, actor, owner);
    if (!whose) return fail(whose.error());
    const auto known = known_variables(tx, actor, *whose);
    if (!known) return fail(known.error());
    VariablesChanged told;
    // First what goes: a key may come back in another case.
    if (replace) CROFT_TRY(remove_others(tx, actor, *whose, *known, inputs, told));
    for (const VariableInput& input : inputs) {
      CROFT_TRY(set_one(tx, actor, *whose, *known, input, told));
    }
    CROFT_TRY(note_restarts(tx, actor, *whose, told));
    if (!told.changed.empty() || !told.removed.empty()) {
      CROFT_TRY(audit_done(tx, actor, "variable.set", whose->project.id, whose->name()));
    }
    return told;
  });
}

Task<Result<VariablesChanged>> unset_variable(const AppContext& context, const Actor& actor,
                                              VariableOwner owner, std::string key) {
  co_return co_await context.store.write([&](Tx& tx) -> Result<VariablesChanged> {
    const auto whose = find_owner(tx, actor, owner);
    if (!whose) return fail(whose.error());
    const ProjectId& project = whose->project.id;
    const auto known = get_variable(tx, actor.scope, project, whose->service_id(), key);
    if (!known) return fail(known.error());
    if (!set_by_user(*known) || !known->deletable) {
      return fail(ErrorCode::kConflict,
                  fmt::format("{}: variable {} was not set by a user and cannot be removed",
                              whose->name(), key));
    }
    CROFT_TRY(remove_variable(tx, actor.scope, project, whose->service_id(), key));
    VariablesChanged told{.removed = {key}};
    CROFT_TRY(note_restarts(tx, actor, *whose, told));
    CROFT_TRY(audit_done(tx, actor, "variable.unset", project, whose->name() + " " + key));
    return told;
  });
}

}  // namespace croft
