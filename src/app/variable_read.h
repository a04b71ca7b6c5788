// Reading variables of projects and services.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/variable_set.h"
#include "model/variable.h"

namespace croft {

struct VariableView {
  Variable variable;
  bool masked = false;  // its value must not be shown
};

// By key. With `reveal` (needs Action::kWrite) also the values of secret and generated ones.
Task<Result<std::vector<VariableView>>> show_variables(const AppContext& context,
                                                       const Actor& actor, VariableOwner owner,
                                                       bool reveal);
Task<Result<VariableView>> show_variable(const AppContext& context, const Actor& actor,
                                         VariableOwner owner, std::string key, bool reveal);

}  // namespace croft
