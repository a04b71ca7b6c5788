// Variables of projects and services. Values are encrypted at rest.
#pragma once

#include <string_view>
#include <vector>

#include "model/variable.h"
#include "store/tx.h"

namespace croft {

struct NewVariable {
  ProjectId project_id;
  ServiceId service_id;  // empty: of the project
  std::string key;       // check_variable_key, unless croft makes it
  Secret value;
  VariableKind kind = VariableKind::kUser;
  bool editable = true;
  bool deletable = true;
};

// Creates or replaces. kConflict: a key that differs only by case exists. kExhausted: the project
// or service has kMaxVariables already. Replacing keeps the id. Whether a user may do it is the
// caller's question (app/variable_set.h); generation of the project or service + 1.
Result<Variable> set_variable(Tx& tx, const Scope& scope, const NewVariable& wanted);
// `service` empty: of the project. Case counts.
Result<Variable> get_variable(const Tx& tx, const Scope& scope, const ProjectId& project,
                              const ServiceId& service, std::string_view key);
// By key.
Result<std::vector<Variable>> list_variables(const Tx& tx, const Scope& scope,
                                             const ProjectId& project, const ServiceId& service);
// The project's own and those of all its services, in one go: for resolving references.
Result<std::vector<Variable>> all_variables(const Tx& tx, const Scope& scope,
                                            const ProjectId& project);
Status remove_variable(Tx& tx, const Scope& scope, const ProjectId& project,
                       const ServiceId& service, std::string_view key);
// Removes the service's variables of one kind: yaml ones, before a version's own are written.
Status remove_variables_of_kind(Tx& tx, const Scope& scope, const ProjectId& project,
                                const ServiceId& service, VariableKind kind);

}  // namespace croft
