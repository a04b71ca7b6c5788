// What is put right when a process will not go on, as far as it is only rows of the store.
#pragma once

#include <cstdint>
#include <vector>

#include "model/process.h"
#include "store/tx.h"

namespace croft {

// Of the parameters of a "project.import".
struct ImportedService {
  ServiceId id;
  std::int64_t priority = 0;  // higher ones are created first
};
std::vector<ImportedService> imported_services(const Process& process);

// An import is over that has not succeeded: its project is active, and services that nobody creates
// any more have failed, so that their user can start or delete them. Children that are still under
// way settle their own.
Status settle_import(Tx& tx, const Process& process);

// A process was cancelled while it waited for its turn: no step of it ran, and none will, so this
// is all that is left of it. Part of the transaction that cancels it.
Status settle_unstarted(Tx& tx, const Process& process);

}  // namespace croft
