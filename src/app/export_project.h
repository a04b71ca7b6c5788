// Export: a project's structure and variables as an import file, without data and code (A9).
#pragma once

#include <string>

#include "app/app_context.h"

namespace croft {

// `reveal`: secrets in plain text; otherwise their values are replaced by REDACTED, as read-only
// tokens see them (A4). The result imports again under another name.
Task<Result<std::string>> export_project(AppContext& context, Scope scope, ProjectId project,
                                         bool reveal);

}  // namespace croft
