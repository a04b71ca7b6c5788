// The whole API, as croftd serves it.
#pragma once

#include <functional>

#include "api/api_handler.h"
#include "app/node_write.h"
#include "app/running.h"

namespace croft {

// Every route of the contract. All outlive the router. `nodes`: asked before a node is changed.
void add_all_routes(Router& router, ApiContext& context, RunningPlatform& running,
                    std::function<NodeFacts()> nodes);

}  // namespace croft
