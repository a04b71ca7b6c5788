// The audit trail: appended to, never changed.
#pragma once

#include "model/audit.h"
#include "store/tx.h"

namespace croft {

// Sets number, time and hash, and the user unless the scope is the platform's. Links the entry to
// the one before it (audit_chain.h).
Status append_audit(Tx& tx, const Scope& scope, const AuditEntry& entry);
// Newest first; `after` is a number; `project` empty: all in the scope. Entries without a project
// are for scopes that see all projects.
Result<Paged<AuditEntry>> list_audit(const Tx& tx, const Scope& scope, const ProjectId& project,
                                     const Page& page);

}  // namespace croft
