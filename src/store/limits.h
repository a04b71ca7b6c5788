// The limits of this installation (model/limits.h), and what projects use of them.
#pragma once

#include "model/limits.h"
#include "store/tx.h"

namespace croft {

// The defaults where nothing was set. Every scope may read them.
Result<Limits> read_limits(const Tx& tx);
// kForbidden for a scope that does not see all projects; kInvalid outside 1..kLargestLimit.
Status write_limits(Tx& tx, const Scope& scope, const Limits& limits);

// Bytes of uploads and bundles of the project's versions. kNotFound: outside the scope.
Result<std::int64_t> project_disk_bytes(const Tx& tx, const Scope& scope, const ProjectId& project);
// Deployments that wait or run.
Result<std::int64_t> project_builds(const Tx& tx, const Scope& scope, const ProjectId& project);

}  // namespace croft
