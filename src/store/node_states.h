// What an owner says of nodes, as opposed to what they say of themselves (nodes.h). Not an object
// of tenants: a scope limited to projects sees none.
#pragma once

#include <set>

#include "model/node.h"
#include "model/node_availability.h"
#include "store/tx.h"

namespace croft {

// Zone and labels of `node`, as they are in it. kNotFound: no such node, or not in the scope.
Status set_node_labels(Tx& tx, const Scope& scope, const Node& node);
Status set_node_availability(Tx& tx, const Scope& scope, const NodeId& id,
                             NodeAvailability availability);
// Nodes that are drained; every other one is active.
Result<std::set<NodeId>> drained_nodes(const Tx& tx, const Scope& scope);

}  // namespace croft
