// What an owner said of a node outlives that the node registers again.
#include "store/node_states.h"

#include "store/nodes.h"
#include "store/store_fixture.h"

namespace croft {
namespace {

const Scope kAll = Scope::platform();

class NodeStates : public StoreTest {
 protected:
  Node add(const std::string& address) {
    return must(write([&](Tx& tx) {
      return register_node(tx, kAll, {.name = "n1", .address = address, .zone = "a"});
    }));
  }
  std::set<NodeId> drained(const Scope& scope) {
    return must(read([&](const Tx& tx) { return drained_nodes(tx, scope); }));
  }
};

TEST_F(NodeStates, OutliveThatTheNodeRegistersAgain) {
  Node node = add("10.0.0.1");
  EXPECT_EQ(node.zone, "a");
  EXPECT_TRUE(drained(kAll).empty());
  node.zone = "b";
  node.labels = {{"disk", "ssd"}};
  must(write([&](Tx& tx) { return set_node_labels(tx, kAll, node); }));
  must(write([&](Tx& tx) {
    return set_node_availability(tx, kAll, node.id, NodeAvailability::kDrained);
  }));
  const Node again = add("10.0.0.2");
  EXPECT_EQ(again.id, node.id);
  EXPECT_EQ(again.address, "10.0.0.2");
  EXPECT_EQ(again.zone, "b");
  EXPECT_EQ(again.labels, node.labels);
  EXPECT_EQ(drained(kAll), std::set<NodeId>{node.id});
  reopen();
  EXPECT_EQ(drained(kAll), std::set<NodeId>{node.id});
  must(write(
      [&](Tx& tx) { return set_node_availability(tx, kAll, node.id, NodeAvailability::kActive); }));
  EXPECT_TRUE(drained(kAll).empty());
}

TEST_F(NodeStates, AreNothingOfTenantsNorOfMissingNodes) {
  Node node = add("10.0.0.1");
  must(write([&](Tx& tx) {
    return set_node_availability(tx, kAll, node.id, NodeAvailability::kDrained);
  }));
  const Scope tenant = Scope::of(UserId::generate(random_), {});
  EXPECT_TRUE(drained(tenant).empty());
  const auto code = [&](const Scope& scope, const Node& of, bool labels) {
    const auto done = write([&](Tx& tx) -> Status {
      if (labels) return set_node_labels(tx, scope, of);
      return set_node_availability(tx, scope, of.id, NodeAvailability::kActive);
    });
    return done ? ErrorCode::kInternal : done.error().code();
  };
  EXPECT_EQ(code(tenant, node, true), ErrorCode::kNotFound);
  EXPECT_EQ(code(tenant, node, false), ErrorCode::kNotFound);
  EXPECT_EQ(drained(kAll).size(), 1u);
  node.id = NodeId::generate(random_);
  EXPECT_EQ(code(kAll, node, true), ErrorCode::kNotFound);
  EXPECT_EQ(code(kAll, node, false), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace croft
