// Every kind of process that croft knows.
#pragma once

#include "reconcile/executor.h"
#include "reconcile/rollout.h"

namespace croft {

// `context` outlives the executor.
void add_all_processes(Executor& executor, ProcessContext& context);

}  // namespace croft
