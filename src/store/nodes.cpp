#include "store/nodes.h"

#include "store/columns.h"

namespace croft {
namespace {

#define CROFT_NODE_COLUMNS "id, name, index_number, address, engine_id, zone, labels, created_at"

Node node_at(const SqlRow& row) {
  return {.id = id_at<NodeId>(row, 0),
          .name = row.text(1),
          .index = row.small(2),
          .address = row.text(3),
          .engine_id = row.text(4),
          .zone = row.text(5),
          .labels = json_at<std::map<std::string, std::string>>(row, 6),
          .created_at = time_at(row, 7),
          .last_seen_at = {}};
}

tl::unexpected<Error> no_node(std::string_view which) {
  return fail(ErrorCode::kNotFound, fmt::format("node {}: there is no such node", which));
}

Result<int> free_index(Tx& tx, const std::string& name) {
  const auto row = tx.query_one(
      "SELECT MIN(n) FROM (SELECT 1 AS n UNION ALL SELECT index_number + 1 FROM nodes) AS c "
      "WHERE n NOT IN (SELECT index_number FROM nodes)",
      {});
  if (!row) return fail(row.error());
  const int index = (*row)->small(0);
  if (index > kMaxNodes) {
    return fail(ErrorCode::kExhausted,
                fmt::format("node {}: the platform has {} nodes, which is the most; delete one "
                            "first",
                            name, kMaxNodes));
  }
  return index;
}

}  // namespace

Result<Node> register_node(Tx& tx, const Scope& scope, const NewNode& wanted) {
  if (!scope.is_platform()) {
    return fail(ErrorCode::kForbidden,
                fmt::format("node {}: only croft itself registers nodes", wanted.name));
  }
  const auto known = tx.query_one("SELECT id FROM nodes WHERE name = ?1", {column(wanted.name)});
  if (!known) return fail(known.error());
  if (*known) {
    const NodeId id = id_at<NodeId>(**known, 0);
    auto now = get_node(tx, scope, id);
    // Every start of croftd comes here: it must not need space on a disk that is full.
    if (!now || (now->address == wanted.address && now->engine_id == wanted.engine_id)) {
      return now;
    }
    CROFT_TRY(tx.execute("UPDATE nodes SET address = ?2, engine_id = ?3 WHERE id = ?1",
                         {column(id), column(wanted.address), column(wanted.engine_id)}));
    return get_node(tx, scope, id);
  }
  const auto index = free_index(tx, wanted.name);
  if (!index) return fail(index.error());
  const NodeId id = NodeId::generate(tx.random());
  CROFT_TRY(tx.execute("INSERT INTO nodes (" CROFT_NODE_COLUMNS
                       ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
                       {column(id), column(wanted.name), column(*index), column(wanted.address),
                        column(wanted.engine_id), column(wanted.zone), json_column(wanted.labels),
                        column(tx.now())}));
  return get_node(tx, scope, id);
}

Result<Node> get_node(const Tx& tx, const Scope& scope, const NodeId& id) {
  const auto row =
      tx.query_one("SELECT " CROFT_NODE_COLUMNS " FROM nodes WHERE id = ?1", {column(id)});
  if (!row) return fail(row.error());
  if (!*row || !scope.all_projects()) return no_node(id.str());
  return node_at(**row);
}

Result<std::vector<Node>> list_nodes(const Tx& tx, const Scope& scope) {
  if (!scope.all_projects()) return std::vector<Node>();
  return all_rows(tx.query("SELECT " CROFT_NODE_COLUMNS " FROM nodes ORDER BY index_number", {}),
                  node_at);
}

Status delete_node(Tx& tx, const Scope& scope, const NodeId& id) {
  CROFT_TRY(get_node(tx, scope, id));
  CROFT_TRY(tx.execute("DELETE FROM nodes WHERE id = ?1", {column(id)}));
  return {};
}

}  // namespace croft
