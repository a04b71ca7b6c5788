// The audit trail: appended to, never changed.
#pragma once

#include "model/audit.h"
#include "store/tx.h"

namespace croft {

// Sets number and time.
Status append_audit(Tx& tx, const Scope& scope, const AuditEntry& entry);
// Newest first; `after` is a number. Entries without a project: for scopes that see all projects
// and for the user they are about.
Result<Paged<AuditEntry>> list_audit(const Tx& tx, const Scope& scope, const ProjectId& project,
                                     const Page& page);

}  // namespace croft
