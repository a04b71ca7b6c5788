// Everything around the programs of croft that outlives their deaths: time, engine, disks, machine,
// edge, and what goes wrong with them.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>

#include "base/time.h"
#include "catalog/catalog.h"
#include "database.h"
#include "edge/fake/fake_edge.h"
#include "engine/fake/fake_engine.h"
#include "model/node_state.h"
#include "plan.h"
#include "plan/host_plan.h"
#include "task/group.h"
#include "task/signal.h"
#include "task/virtual_time.h"

namespace croft::sim {

class ControlPlane;
class Agent;

// What is true of one container, whatever anybody was told.
struct Truth {
  InstanceSetId set;
  ServiceId service;
  Millis ready_at{0};
  Millis unhealthy_until{0};
  Millis seen_at{-1};  // running, at a core's last look
  bool was_ready = false;
  bool stop_requested = false;
  bool crashed = false;  // by a fault
};

class SimWorld {
 public:
  SimWorld(Plan plan, const catalog::Catalog& types, bool print);
  ~SimWorld();
  SimWorld(const SimWorld&) = delete;

  Runtime runtime;  // first: everything else has timers in it
  ManualClock clock;
  VirtualTime& time;
  const Plan plan;
  const catalog::Catalog& catalog;
  SeededRandom random;
  engine::FakeCluster cluster;
  // Of all lives of the two programs: a call may take effect when its caller is dead.
  engine::FakeEngine engine_of_control;
  engine::FakeEngine engine_of_agent;
  Disk disk;
  FakeEdge edge;
  Group group;

  // Files and settings of the machine.
  std::string install_id;  // as croftd wrote it for the agent
  NodeId node_id;
  std::optional<NodeDesired> kept_desired;      // what the agent kept
  std::map<ProjectId, CoreDesired> core_files;  // what it wrote for the cores
  HostState host;
  std::string ruleset;

  bool ending = false;  // no program is started any more
  // The programs that run now; null while there is none.
  ControlPlane* control = nullptr;
  Agent* agent = nullptr;
  // What cores tell, by container.
  std::map<std::string, CoreObserved> core_reports;
  std::map<std::string, Truth> truths;  // by container
  // Containers that were ready at some time, by set.
  std::map<InstanceSetId, int> ready_ever;
  std::map<std::string, Behaviour> behaviours;  // by version id
  // When a fault has hit a container of the service, or how long it lasts.
  std::map<ServiceId, Millis> struck;
  std::set<std::string> crashed_cores;  // containers, by a fault

  Millis now() const { return clock.steady(); }
  int between(int low, int high);
  bool percent(int chance) { return between(1, 100) <= chance; }
  // The fault of that kind that lasts now; null: none.
  const Fault* active(Fault::Kind kind) const;
  bool faults_are_over() const { return now() >= plan.quiet_at; }
  bool link_up() const;
  // Its containers get ready.
  bool good(const VersionId& version) const;

  engine::FakeNode& node() { return cluster.node(cluster.first_node_id); }
  // Of a container by its label, empty when it has none.
  static std::string label(const engine::FakeContainer& container, const std::string& key);

  void trace(std::string line);
  std::uint64_t trace_hash() const { return trace_hash_; }
  // The first one is what the simulation failed with.
  void violate(std::string invariant, std::string what);
  const std::string& violated() const { return violated_; }
  const std::string& violation() const { return violation_; }

 private:
  engine::FakeFault on_call(const engine::FakeCall& call);
  void let_it_be_late(engine::FakeFault& fault, bool changes);
  engine::FakeProcess process_of(const engine::ContainerSettings& settings);

  bool print_;
  std::uint64_t trace_hash_ = 1469598103934665603u;
  std::string violated_;
  std::string violation_;
};

}  // namespace croft::sim
