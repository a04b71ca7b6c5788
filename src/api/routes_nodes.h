// Machines: list, show, label, drain, activate, remove.
#pragma once

#include <functional>

#include "api/api_handler.h"
#include "api/router.h"
#include "app/node_write.h"

namespace croft {

// `facts`: asked before each change; outlives the router, as `context` does.
void add_node_routes(Router& router, ApiContext& context, std::function<NodeFacts()> facts);

}  // namespace croft
