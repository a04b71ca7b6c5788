// Labels and availability of machines, and their removal. All need an owner.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/app_context.h"
#include "app/auth/actor.h"
#include "model/node.h"
#include "model/node_availability.h"

namespace croft {

inline constexpr std::size_t kMaxNodeLabels = 32;

// Zones, and keys and values of labels.
inline constexpr const char* kNodeWordRule =
    "up to 63 letters, digits, '.', '_' and '-', beginning and ending with a letter or digit";
bool valid_node_word(const std::string& text);

// Containers of services on one node.
struct NodeLoad {
  int containers = 0;
  int with_data = 0;  // of these, those of managed services, whose volumes stay on the machine
};

// What is known of nodes beyond the store.
struct NodeFacts {
  NodeId control_node;               // the machine that croftd runs on; empty: none in particular
  std::map<NodeId, NodeLoad> loads;  // as agents last reported; who is missing has nothing
};

struct NodeView {
  Node node;
  NodeAvailability availability = NodeAvailability::kActive;
};

struct NodeChange {
  std::optional<std::string> zone;            // empty: none
  std::map<std::string, std::string> labels;  // set
  std::vector<std::string> remove_labels;     // what is not there is no error
};

// With when their agents last reported, as of read.h.
Task<Result<std::vector<NodeView>>> list_node_views(const AppContext& context, const Actor& actor);
Task<Result<NodeView>> show_node_view(const AppContext& context, const Actor& actor,
                                      std::string name_or_id);

// kInvalid: a zone, a label's key or its value that breaks kNodeWordRule (zone and value may be
// empty), or more than kMaxNodeLabels.
Task<Result<NodeView>> change_node(const AppContext& context, const Actor& actor,
                                   std::string name_or_id, NodeChange change);

// What runs there is started elsewhere. kConflict: no other active node is there, or services with
// data have their volumes there.
Task<Result<NodeView>> drain_node(const AppContext& context, const NodeFacts& facts,
                                  const Actor& actor, std::string name_or_id);
Task<Result<NodeView>> activate_node(const AppContext& context, const Actor& actor,
                                     std::string name_or_id);

// The platform forgets it. kConflict: the only node, that of the control plane, one that is not
// drained, or one on which something still runs.
Task<Status> remove_node(const AppContext& context, const NodeFacts& facts, const Actor& actor,
                         std::string name_or_id);

}  // namespace croft
