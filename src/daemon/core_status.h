// What `croft status` says of the two cores of a project.
#pragma once

#include "app/running.h"
#include "model/project.h"
#include "reconcile/world.h"

namespace croft {

// "ok": one is active and the other could take over; "degraded": nobody could; "down": nobody is.
ComponentStatus core_status(const World& world, const Project& project);

}  // namespace croft
