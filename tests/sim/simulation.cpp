#include "simulation.h"

#include "agent.h"
#include "control_plane.h"
#include "invariants.h"
#include "workload.h"

namespace croft::sim {
namespace {

// Beyond the longest limit of any process.
constexpr Millis kConvergeLimit{40 * 60'000};
constexpr Millis kStable{6000};
constexpr Millis kUnwindLimit{5000};
constexpr int kMostSteps = 1'000'000;  // at one instant

// Starts croftd whenever there is none, as a supervisor does.
Task<void> keep_control(SimWorld* world) {
  while (!world->ending) {
    auto control = std::make_unique<ControlPlane>(*world);
    world->control = control.get();
    co_await control->live();
    world->trace("croftd is gone");
    world->control = nullptr;
    control.reset();
    co_await sleep_for(Millis(world->between(100, 4000)));
  }
}

Task<void> keep_agent(SimWorld* world) {
  while (!world->ending) {
    while (world->install_id.empty()) co_await sleep_for(Millis(200));
    auto agent = std::make_unique<Agent>(*world);
    world->agent = agent.get();
    co_await agent->live();
    world->trace("the agent is gone");
    world->agent = nullptr;
    agent.reset();
    co_await sleep_for(Millis(world->between(100, 2000)));
  }
}

class Run {
 public:
  Run(const Plan& plan, const catalog::Catalog& catalog, bool print)
      : world_(plan, catalog, print),
        reader_(world_),
        downtime_(world_, reader_),
        cores_(world_, downtime_),
        invariants_(world_, reader_, downtime_, cores_) {}

  Verdict run() {
    world_.group.spawn("croftd", keep_control(&world_));
    world_.group.spawn("agent", keep_agent(&world_));
    world_.group.spawn("cores", cores_.run());
    world_.group.spawn("workload", run_workload(world_));
    world_.group.spawn("faults", run_faults(world_));
    while (world_.violated().empty() && !at_rest()) {
      settle();
      turn();
    }
    Verdict verdict{.invariant = world_.violated(),
                    .what = world_.violation(),
                    .trace_hash = world_.trace_hash(),
                    .took = world_.now()};
    finish();
    return verdict;
  }

 private:
  // Runs whatever can go on at this instant.
  void settle() {
    world_.runtime.io().restart();
    for (int i = 0; world_.runtime.io().poll_one() > 0; ++i) {
      if (i < kMostSteps) continue;
      world_.violate("nothing spins", "tasks go on for ever without any time passing");
      break;
    }
    if (world_.disk.commits() == commits_) return;
    commits_ = world_.disk.commits();
    invariants_.look();
  }

  // Turns the clock to the next instant at which something happens.
  void turn() {
    std::optional<Millis> next = world_.time.next_due();
    const auto engine = world_.cluster.schedule.next_due();
    if (engine && (!next || *engine < *next)) next = engine;
    if (next && *next > world_.now()) world_.clock.advance(*next - world_.now());
    world_.cluster.run_due();
    world_.time.run_due();
  }

  bool at_rest() {
    if (!world_.faults_are_over() || world_.now() < next_look_) return false;
    next_look_ = world_.now() + Millis(1000);
    const std::string unfinished = invariants_.unfinished();
    if (unfinished != unfinished_) world_.trace("not at rest: " + unfinished);
    if (!unfinished.empty()) stable_since_ = world_.now();
    unfinished_ = unfinished;
    if (!stable_since_) stable_since_ = world_.now();
    if (unfinished.empty() && world_.now() - *stable_since_ >= kStable) return true;
    if (world_.now() > world_.plan.quiet_at + kConvergeLimit) {
      world_.violate("it converges", unfinished);
    }
    return false;
  }

  // Ends all tasks, so that nothing refers to the world any more.
  void finish() {
    world_.ending = true;
    if (world_.control != nullptr) world_.control->die("the simulation is over");
    if (world_.agent != nullptr) world_.agent->die("the simulation is over");
    const Millis end = world_.now() + kUnwindLimit;
    bool cancelled = false;
    while (world_.group.size() > 0 && world_.now() < end) {
      settle();
      const bool dead = world_.control == nullptr && world_.agent == nullptr;
      if (dead && !cancelled) {
        cancelled = true;
        world_.group.cancel();
        continue;
      }
      if (world_.group.size() > 0) turn();
    }
    check(world_.group.size() == 0, "the tasks of a simulation end");
  }

  SimWorld world_;
  RowReader reader_;
  Downtime downtime_;
  Cores cores_;
  Invariants invariants_;
  std::uint64_t commits_ = 0;
  Millis next_look_{0};
  std::optional<Millis> stable_since_;
  std::string unfinished_;
};

}  // namespace

Verdict simulate(const Plan& plan, const catalog::Catalog& catalog, bool print) {
  Run run(plan, catalog, print);
  return run.run();
}

std::set<std::size_t> shrink(const Plan& plan, const catalog::Catalog& catalog,
                             const Verdict& verdict) {
  std::set<std::size_t> left_out;
  bool shrunk = true;
  while (shrunk) {
    shrunk = false;
    for (std::size_t item = 0; item < plan.size(); ++item) {
      if (left_out.contains(item)) continue;
      std::set<std::size_t> more = left_out;
      more.insert(item);
      if (simulate(without(plan, more), catalog, false).invariant != verdict.invariant) continue;
      left_out = std::move(more);
      shrunk = true;
    }
  }
  return left_out;
}

}  // namespace croft::sim
