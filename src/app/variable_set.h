// Setting and removing variables of projects and services by users (zerops-30loops.md A4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/app_context.h"
#include "app/auth/actor.h"

namespace croft {

struct VariableInput {
  std::string key;
  Secret value;
  std::optional<bool> secret;  // nullopt: as it was; a new one is not secret
  std::string pointer;         // where it stands in the request, for located errors
};

struct VariablesChanged {
  std::vector<std::string> changed;         // keys whose value or kind is another now
  std::vector<std::string> removed;         // keys
  std::vector<std::string> restart_needed;  // hostnames that run with the old values
};

// Whose variables: `service` empty for those of the project. Both by name or id.
struct VariableOwner {
  std::string project;
  std::string service;
};

// All or none. With `replace`, also removes what the user set before and is not in the list.
// kConflict: the key is generated and locked, or comes from the yaml of the active version.
Task<Result<VariablesChanged>> set_variables(const AppContext& context, const Actor& actor,
                                             VariableOwner owner, std::vector<VariableInput> inputs,
                                             bool replace);
Task<Result<VariablesChanged>> unset_variable(const AppContext& context, const Actor& actor,
                                              VariableOwner owner, std::string key);

// Validates keys and values, and that none comes twice; kInvalid with every located complaint. For
// other use cases that take variables too.
Status check_variables(const std::vector<VariableInput>& inputs);

}  // namespace croft
