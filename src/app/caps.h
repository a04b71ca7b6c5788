// Caps per project (model/limits.h), checked in the transaction that would go beyond them. Refusals
// are kConflict, name the cap and what helps.
#pragma once

#include "catalog/catalog.h"
#include "model/project.h"
#include "model/service.h"
#include "store/tx.h"

namespace croft {

// Containers, CPU and memory of all services of the project as the rows say, those that the
// transaction has just written included. `scaled`: counted with `containers` instead.
Status check_container_caps(const Tx& tx, const catalog::Catalog& catalog, const ProjectId& project,
                            const ServiceId& scaled, std::int64_t containers);

// Before one more deployment starts.
Status check_build_cap(const Tx& tx, const ProjectId& project);

// Before `more` bytes are kept for the project.
Status check_disk_cap(const Tx& tx, const ProjectId& project, std::int64_t more);

}  // namespace croft
