// Runs a task on virtual time: the clock moves only when nothing else can go on.
#pragma once

#include "base/time.h"
#include "engine/fake/cluster.h"
#include "task/task.h"

namespace croft::engine {

// Runs `task` to its end. Whenever no handler of `runtime` is ready, `clock` is turned to the next
// action of the cluster. False when nothing is left that could wake the task: it hangs.
[[nodiscard]] bool run_on_virtual_time(Runtime& runtime, ManualClock& clock, FakeCluster& cluster,
                                       Task<void> task);

}  // namespace croft::engine
