// What users do: the use cases of croft, called in whichever life of croftd there is.
#pragma once

#include "control_plane.h"

namespace croft::sim {

// Performs the plan's operations at their times; ends after the last has been handed in.
Task<void> run_workload(SimWorld& world);
// Makes happen what goes wrong at an instant; what lasts is looked up by whom it concerns.
Task<void> run_faults(SimWorld& world);

}  // namespace croft::sim
