// Inside the store only: the list of a process's steps, kept from its `step` and `status`.
#pragma once

#include "model/process.h"

namespace croft {

// `stored` brought up to date with `process`: names that its `steps` adds are appended as pending,
// its `step` runs, those before it have ended, and nothing runs once the process has ended.
std::vector<ProcessStep> steps_after(std::vector<ProcessStep> stored, const Process& process,
                                     Timestamp now);

}  // namespace croft
