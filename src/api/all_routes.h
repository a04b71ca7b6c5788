// The whole API, as croftd serves it.
#pragma once

#include "api/api_handler.h"
#include "app/running.h"

namespace croft {

// Every route of the contract. All outlive the router.
void add_all_routes(Router& router, ApiContext& context, RunningPlatform& running);

}  // namespace croft
