// Nodes. Not an object of tenants: a scope limited to projects sees none.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/node.h"
#include "store/tx.h"

namespace croft {

struct NewNode {
  std::string name;
  std::string address;
  std::string engine_id;
  std::string zone;
  std::map<std::string, std::string> labels;
};

// By name: makes the node with the smallest free index, or updates what it says about itself.
// kExhausted: kMaxNodes.
Result<Node> register_node(Tx& tx, const Scope& scope, const NewNode& wanted);
Result<Node> get_node(const Tx& tx, const Scope& scope, const NodeId& id);
// By index.
Result<std::vector<Node>> list_nodes(const Tx& tx, const Scope& scope);
Status delete_node(Tx& tx, const Scope& scope, const NodeId& id);

}  // namespace croft
