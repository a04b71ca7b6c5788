#include "reconcile/node_reconciler.h"

#include "engine/fake/drive.h"
#include "engine/fake/fake_engine.h"
#include "store/node_states.h"
#include "store/nodes.h"
#include "store/store_fixture.h"

namespace croft {
namespace {

using Availability = engine::NodeInfo::Availability;
const Scope kAll = Scope::platform();

class NodeReconcilerTest : public StoreTest {
 protected:
  NodeReconcilerTest() : StoreTest(StoreKind::kInline) {
    worker_ = cluster_.add_node("n2", "");
    cluster_.in_swarm = true;
    local_ = add("n1", cluster_.first_node_id);
    remote_ = add("n2", worker_);
  }
  Node add(const std::string& name, const std::string& engine_id) {
    return must(write(
        [&](Tx& tx) { return register_node(tx, kAll, {.name = name, .engine_id = engine_id}); }));
  }
  void set(const Node& node, NodeAvailability availability) {
    must(write([&](Tx& tx) { return set_node_availability(tx, kAll, node.id, availability); }));
  }
  Task<void> reconcile_once() {
    NodeReconciler reconciler(store(), engine_, names_);
    const Status done = co_await reconciler.reconcile();
    EXPECT_TRUE(done) << done.error().describe();
  }
  void reconcile() {
    ASSERT_TRUE(engine::run_on_virtual_time(runtime_, clock_, cluster_, reconcile_once()));
  }
  engine::NodeInfo& info(const std::string& id) { return cluster_.node(id).info; }

  engine::FakeCluster cluster_{clock_, 1};
  engine::FakeEngine engine_{cluster_};
  Names names_{"ab12cd"};
  std::string worker_;
  Node local_;
  Node remote_;
};

TEST_F(NodeReconcilerTest, DrainsAndActivates) {
  set(remote_, NodeAvailability::kDrained);
  reconcile();
  EXPECT_EQ(info(worker_).availability, Availability::kDrain);
  EXPECT_EQ(info(cluster_.first_node_id).availability, Availability::kActive);
  set(remote_, NodeAvailability::kActive);
  reconcile();
  EXPECT_EQ(info(worker_).availability, Availability::kActive);
}

// By a person, or for another installation on the same engine.
TEST_F(NodeReconcilerTest, LeavesWhatOthersDrained) {
  info(cluster_.first_node_id).availability = Availability::kDrain;
  info(worker_).availability = Availability::kPause;
  const auto labels = info(cluster_.first_node_id).labels;
  reconcile();
  EXPECT_EQ(info(cluster_.first_node_id).availability, Availability::kDrain);
  EXPECT_EQ(info(cluster_.first_node_id).labels, labels);
  EXPECT_EQ(info(worker_).availability, Availability::kPause);
}

TEST_F(NodeReconcilerTest, ChangesNothingThatIsRight) {
  set(remote_, NodeAvailability::kDrained);
  reconcile();
  const std::uint64_t version = info(worker_).version;
  reconcile();
  EXPECT_EQ(info(worker_).version, version);
}

}  // namespace
}  // namespace croft
