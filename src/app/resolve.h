// Objects as users name them: by name, or by id.
#pragma once

#include <string_view>

#include "model/project.h"
#include "model/service.h"
#include "store/tx.h"

namespace croft {

// A name wins over an id that looks the same. kNotFound names what was asked for.
Result<Project> find_project(const Tx& tx, const Scope& scope, std::string_view name_or_id);
// `hostname_or_id` within the project.
Result<Service> find_service(const Tx& tx, const Scope& scope, const Project& project,
                             std::string_view hostname_or_id);

}  // namespace croft
