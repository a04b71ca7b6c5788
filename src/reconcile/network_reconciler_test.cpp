// Two cores for every project, and how they come to be where there was one.
#include "reconcile/network_reconciler.h"

#include <gtest/gtest.h>

#include "engine/fake/drive.h"
#include "engine/fake/fake_engine.h"
#include "engine/labels.h"
#include "model/core_state.h"
#include "reconcile/service_spec.h"
#include "store/nodes.h"
#include "store/projects.h"
#include "store/state_dir.h"
#include "store/store_fixture.h"

namespace croft {
namespace {

const Scope kAll = Scope::platform();

class NetworkReconcilerTest : public testing::Test {
 public:
  template <class F>
  void run(F scenario) {
    ASSERT_TRUE(run_on_virtual_time(runtime_, clock_, cluster_, scenario(this))) << "it hangs";
  }
  template <class F>
  auto write(F fn) {
    return must(runtime_.run_until_done(store_->write(std::move(fn))));
  }
  NetworkReconcilerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-net-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = pattern;
    for (const char* image : {"core:1", "core:2"}) {
      cluster_.add_image(cluster_.first_node_id, image, {});
    }
    run([](NetworkReconcilerTest* t) -> Task<void> {
      const engine::SwarmInit init{.advertise_address = "192.0.2.1"};
      EXPECT_TRUE(co_await t->engine_.init_swarm(init, Millis(10'000)));
    });
    store_ = must(open_state_dir(directory_ / "state", clock_, random_, {.own_threads = false}));
    node_ = write([](Tx& tx) { return register_node(tx, kAll, {.name = "n1"}); });
    project_ = write([](Tx& tx) { return create_project(tx, kAll, {.name = "shop"}); });
    networks_ = std::make_unique<NetworkReconciler>(*store_, engine_, world_, names_, addresses_,
                                                    clock_, directory_ / "cores", node_);
    networks_->set_core_image("core:1");
    say({});
  }
  ~NetworkReconcilerTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  // What the node's agent reports of cores.
  void say(std::vector<CoreObserved> cores) {
    NodeObserved seen{.generation = 1, .cores = std::move(cores), .containers_known = true};
    for (int n = 0; n <= 3; ++n) seen.segments.push_back(names_.segment_device(n));
    world_.set_node(node_.id, seen);
  }
  CoreObserved core(const char* slot, const char* image, CoreRole role) const {
    return {.project_id = project_.id,
            .slot = slot,
            .revision = image,
            .generation = 1,
            .active = role == CoreRole::kActive,
            .role = role};
  }
  Task<void> reconcile() {
    const Status done = co_await networks_->reconcile();
    EXPECT_TRUE(done) << done.error().describe();
    co_await cluster_.schedule.sleep(Millis(1000));
  }
  // Core services by name, with the image of each.
  std::map<std::string, std::string> cores() const {
    std::map<std::string, std::string> found;
    for (const auto& [id, service] : cluster_.services) {
      found[service.info.spec.name] = service.info.spec.container.image;
    }
    return found;
  }

  std::filesystem::path directory_;
  Runtime runtime_;
  ManualClock clock_;
  SystemRandom random_;
  engine::FakeCluster cluster_{clock_, 11};
  engine::FakeEngine engine_{cluster_};
  const Names names_{"abc123"};
  const AddressPlan addresses_ = must(AddressPlan::create("fd12:3456:789a::/48"));
  World world_{runtime_};
  std::unique_ptr<Store> store_;
  Node node_;
  Project project_;
  std::unique_ptr<NetworkReconciler> networks_;
};

using Services = std::map<std::string, std::string>;
constexpr const char* kA = "croft-abc123-core-p1-a";
constexpr const char* kB = "croft-abc123-core-p1-b";

TEST_F(NetworkReconcilerTest, EveryProjectGetsTwo) {
  run([](NetworkReconcilerTest* t) { return t->reconcile(); });
  EXPECT_EQ(cores(), (Services{{kA, "core:1"}, {kB, "core:1"}}));
}

TEST_F(NetworkReconcilerTest, AnotherImageReplacesTheStandbyAndThenTheActiveOne) {
  run([](NetworkReconcilerTest* t) -> Task<void> {
    co_await t->reconcile();
    t->networks_->set_core_image("core:2");
    t->say({t->core("a", "core:1", CoreRole::kActive), t->core("b", "core:1", CoreRole::kStandby)});
    co_await t->reconcile();
    EXPECT_EQ(t->cores(), (Services{{kA, "core:1"}, {kB, "core:2"}}));
    // What is reported is still the container of before, then nothing, then the new one.
    co_await t->reconcile();
    t->say({t->core("a", "core:1", CoreRole::kActive)});
    co_await t->reconcile();
    EXPECT_EQ(t->cores().at(kA), "core:1");
    t->say({t->core("a", "core:1", CoreRole::kActive), t->core("b", "core:2", CoreRole::kStandby)});
    co_await t->reconcile();
    EXPECT_EQ(t->cores(), (Services{{kA, "core:2"}, {kB, "core:2"}}));
  });
}

TEST_F(NetworkReconcilerTest, CoresOfAnImageThatDoesNotWorkAreReplacedInTheEnd) {
  run([](NetworkReconcilerTest* t) -> Task<void> {
    co_await t->reconcile();
    t->networks_->set_core_image("core:2");
    co_await t->reconcile();
    EXPECT_EQ(t->cores(), (Services{{kA, "core:1"}, {kB, "core:1"}})) << "nobody has told yet";
    co_await t->cluster_.schedule.sleep(Millis(31'000));
    co_await t->reconcile();
    co_await t->reconcile();
    EXPECT_EQ(t->cores(), (Services{{kA, "core:2"}, {kB, "core:2"}}));
  });
}

// Both have come, and say that they wait for the one that holds the addresses.
TEST_F(NetworkReconcilerTest, TheOnlyCoreOfAnOlderCroftGoesOnceTheTwoHaveCome) {
  run([](NetworkReconcilerTest* t) -> Task<void> {
    engine::ServiceSpec old = core_service_spec(t->names_, t->project_, "a", "core:1", "/x");
    old.name = t->names_.core_service(1);
    old.labels.erase("croft.slot");
    old.networks.clear();  // they are not there yet
    EXPECT_TRUE(co_await t->engine_.create_service(old, Millis(10'000)));
    co_await t->reconcile();
    CoreObserved alone = t->core("", "", CoreRole::kActive);
    CoreObserved waits = t->core("a", "core:1", CoreRole::kFault);
    waits.generation = 0;
    t->say({alone, waits});
    co_await t->reconcile();
    EXPECT_EQ(t->cores().size(), 3u) << "it does not know yet what it must";
    waits.generation = 1;
    t->say({alone, waits});
    co_await t->reconcile();
    EXPECT_EQ(t->cores(), (Services{{kA, "core:1"}, {kB, "core:1"}}));
  });
}

}  // namespace
}  // namespace croft
