// The database is gone, a backup is put back: croftd adopts what runs and restarts nothing.
#include <gtest/gtest.h>

#include "engine/fake/drive.h"
#include "engine/fake/fake_engine.h"
#include "reconcile/network_reconciler.h"
#include "reconcile/service_reconciler.h"
#include "store/backup.h"
#include "store/instance_sets.h"
#include "store/nodes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/state_dir.h"
#include "store/store_fixture.h"
#include "store/versions.h"

namespace croft {
namespace {

const Scope kAll = Scope::platform();
const Secret kPassphrase("a long enough passphrase");
constexpr SealCost kCheap{.passes = 1, .memory_bytes = 8192};
constexpr const char* kImage = "app:1";
constexpr const char* kCoreImage = "core:1";

class RestoreAdopts : public testing::Test {
 protected:
  RestoreAdopts() {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-adopt-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = pattern;
    for (const char* image : {kImage, kCoreImage}) {
      cluster_.add_image(cluster_.first_node_id, image, {});
    }
    on_virtual_time(init_swarm());
    start();
    fill();
  }
  ~RestoreAdopts() override {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  Task<void> init_swarm() {
    const engine::SwarmInit init{.advertise_address = "192.0.2.1"};
    const auto made = co_await engine_.init_swarm(init, Millis(10'000));
    EXPECT_TRUE(made);
  }
  void on_virtual_time(Task<void> task) {
    ASSERT_TRUE(run_on_virtual_time(runtime_, clock_, cluster_, std::move(task))) << "it hangs";
  }
  template <class F>
  auto write(F fn) {
    return must(runtime_.run_until_done(store_->write(std::move(fn))));
  }

  // A croftd: store, world and reconcilers, all new.
  void start() {
    store_ = must(open_state_dir(directory_ / "state", clock_, random_, {.own_threads = false}));
    node_ = write([](Tx& tx) { return register_node(tx, kAll, {.name = "n1"}); });
    world_ = std::make_unique<World>(runtime_);
    NodeObserved seen{.generation = 1, .containers_known = true};
    for (int n = 0; n <= 3; ++n) seen.segments.push_back(names_.segment_device(n));
    world_->set_node(node_.id, seen);
    networks_ = std::make_unique<NetworkReconciler>(*store_, engine_, *world_, names_, addresses_,
                                                    clock_, directory_ / "cores", node_);
    networks_->set_core_image(kCoreImage);
    services_ = std::make_unique<ServiceReconciler>(*store_, engine_, *world_, catalog_, names_,
                                                    addresses_);
  }
  void stop() {
    services_.reset();
    networks_.reset();
    world_.reset();
    store_.reset();
  }
  // Two services of a project, each with a set of containers.
  void fill() {
    write([](Tx& tx) -> Status {
      const auto project = create_project(tx, kAll, {.name = "shop"});
      if (!project) return fail(project.error());
      for (const char* hostname : {"api", "web"}) {
        const auto service = create_service(
            tx, kAll, {.project_id = project->id, .hostname = hostname, .type = "nodejs@22"});
        if (!service) return fail(service.error());
        const auto version = create_version(tx, kAll, {.service_id = service->id});
        if (!version) return fail(version.error());
        CROFT_TRY(create_instance_set(tx, kAll,
                                      {.service_id = service->id,
                                       .version_id = version->id,
                                       .containers = 2,
                                       .duty = InstanceDuty::kServe,
                                       .image = kImage,
                                       .init_config = Secret("{}")}));
      }
      return {};
    });
  }
  Task<void> reconcile_all() {
    for (int round = 0; round < 5; ++round) {
      const Status networks = co_await networks_->reconcile();
      EXPECT_TRUE(networks) << networks.error().describe();
      const Status services = co_await services_->reconcile();
      EXPECT_TRUE(services) << services.error().describe();
      co_await cluster_.schedule.sleep(Millis(5000));
    }
  }
  // Everything that was ever started, with its state: a restart shows as one more.
  std::map<std::string, std::string> tasks() const {
    std::map<std::string, std::string> all;
    for (const auto& [id, task] : cluster_.tasks) {
      all[id] = task.info.container_id +
                (task.info.state == engine::TaskState::kRunning ? " running" : " not running");
    }
    return all;
  }
  std::map<std::string, std::uint64_t> services() const {
    std::map<std::string, std::uint64_t> versions;
    for (const auto& [id, service] : cluster_.services) versions[id] = service.info.version;
    return versions;
  }

  std::filesystem::path directory_;
  Runtime runtime_;
  ManualClock clock_;
  SystemRandom random_;
  engine::FakeCluster cluster_{clock_, 11};
  engine::FakeEngine engine_{cluster_};
  const Names names_{"abc123"};
  const AddressPlan addresses_ = must(AddressPlan::create("fd12:3456:789a::/48"));
  const catalog::Catalog catalog_ = must(catalog::Catalog::load(CROFT_SOURCE_DIR "/catalog"));
  std::unique_ptr<Store> store_;
  Node node_;
  std::unique_ptr<World> world_;
  std::unique_ptr<NetworkReconciler> networks_;
  std::unique_ptr<ServiceReconciler> services_;
};

TEST_F(RestoreAdopts, WhatRunsIsAdoptedAndNothingIsRestarted) {
  on_virtual_time(reconcile_all());
  const auto tasks_before = tasks();
  const auto services_before = services();
  ASSERT_EQ(tasks_before.size(), 6u);  // two services of two, two cores
  for (const auto& [id, state] : tasks_before) EXPECT_TRUE(state.ends_with(" running")) << id;

  const auto file = directory_ / "croft.backup";
  must(write_backup(directory_ / "state", file, kPassphrase, kCheap, clock_.now()));
  stop();
  std::filesystem::remove_all(directory_ / "state");
  clock_.advance(Millis(600'000));
  must(restore_backup(file, directory_ / "state", kPassphrase, false, clock_, random_));
  start();
  on_virtual_time(reconcile_all());
  EXPECT_EQ(tasks(), tasks_before);
  EXPECT_EQ(services(), services_before);
}

// What the test above would miss if the fake did not show restarts.
TEST_F(RestoreAdopts, AnEmptyStoreWithTheSameNamesWouldRemoveThem) {
  on_virtual_time(reconcile_all());
  const auto before = services();
  stop();
  std::filesystem::remove_all(directory_ / "state");
  start();
  on_virtual_time(reconcile_all());
  EXPECT_NE(services(), before);
}

}  // namespace
}  // namespace croft
