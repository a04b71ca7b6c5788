#include "store/node_states.h"

#include "store/columns.h"
#include "store/nodes.h"

namespace croft {

Status set_node_labels(Tx& tx, const Scope& scope, const Node& node) {
  CROFT_TRY(get_node(tx, scope, node.id));
  CROFT_TRY(tx.execute("UPDATE nodes SET zone = ?2, labels = ?3 WHERE id = ?1",
                       {column(node.id), column(node.zone), json_column(node.labels)}));
  return {};
}

Status set_node_availability(Tx& tx, const Scope& scope, const NodeId& id,
                             NodeAvailability availability) {
  CROFT_TRY(get_node(tx, scope, id));
  CROFT_TRY(tx.execute("UPDATE nodes SET availability = ?2 WHERE id = ?1",
                       {column(id), column(availability)}));
  return {};
}

Result<std::set<NodeId>> drained_nodes(const Tx& tx, const Scope& scope) {
  std::set<NodeId> drained;
  if (!scope.all_projects()) return drained;
  const auto rows = tx.query("SELECT id FROM nodes WHERE availability = ?1",
                             {column(NodeAvailability::kDrained)});
  if (!rows) return fail(rows.error());
  for (const SqlRow& row : *rows) drained.insert(id_at<NodeId>(row, 0));
  return drained;
}

}  // namespace croft
