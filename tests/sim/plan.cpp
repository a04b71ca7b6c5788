#include "plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/random.h"

namespace croft::sim {
namespace {

constexpr std::array<const char*, 3> kRuntimes{"api", "web", "worker"};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  int between(int low, int high) {
    return low + static_cast<int>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool percent(int chance) { return between(1, 100) <= chance; }
  Millis time(int low_ms, int high_ms) { return Millis(between(low_ms, high_ms)); }

 private:
  SeededRandom random_;
};

Behaviour any_behaviour(Dice& dice) {
  if (dice.percent(55)) return Behaviour::kGood;
  return static_cast<Behaviour>(dice.between(1, static_cast<int>(Behaviour::kCount) - 1));
}

Op any_op(Dice& dice, int projects) {
  Op op;
  op.project = dice.between(0, projects - 1);
  op.service = kRuntimes[static_cast<std::size_t>(dice.between(0, 2))];
  const int roll = dice.between(1, 100);
  if (roll <= 40) {
    op.kind = Op::Kind::kDeploy;
    op.behaviour = any_behaviour(dice);
  } else if (roll <= 48) {
    op.kind = Op::Kind::kSetVariable;
    op.number = dice.between(1, 9);
  } else if (roll <= 60) {
    op.kind = Op::Kind::kScale;
    op.number = dice.between(1, 4);
  } else if (roll <= 68) {
    op.kind = Op::Kind::kRollback;
  } else if (roll <= 75) {
    op.kind = Op::Kind::kRestart;
  } else if (roll <= 80) {
    op.kind = Op::Kind::kStop;
  } else if (roll <= 86) {
    op.kind = Op::Kind::kStart;
  } else if (roll <= 94) {
    op.kind = Op::Kind::kCancel;
    op.number = dice.between(0, 3);
  } else if (roll <= 96) {
    op.kind = Op::Kind::kCreateService;
  } else if (roll <= 99) {
    op.kind = Op::Kind::kDeleteService;
  } else {
    op.kind = Op::Kind::kDeleteProject;
  }
  const bool managed_too = op.kind == Op::Kind::kStop || op.kind == Op::Kind::kStart ||
                           op.kind == Op::Kind::kRestart || op.kind == Op::Kind::kDeleteService;
  if (managed_too && dice.percent(20)) op.service = "db";
  return op;
}

// Beginning and end of what lasts, and how much of it.
void set_extent(Dice& dice, Fault& fault) {
  using Kind = Fault::Kind;
  fault.until = fault.at + dice.time(1000, 20'000);
  switch (fault.kind) {
    case Kind::kKillAtFailpoint:
      fault.number = dice.between(1, 12);
      return;
    case Kind::kKillAtCommit:
      fault.number = dice.between(1, 40);
      return;
    case Kind::kKillBeforeCall:
    case Kind::kKillAfterCall:
      fault.number = dice.between(1, 6);
      return;
    case Kind::kEngineErrors:
    case Kind::kLostReplies:
      fault.number = dice.between(5, 60);
      return;
    case Kind::kSlowEngine:
    case Kind::kLateEffects:
      fault.number = dice.between(100, 20'000);
      return;
    case Kind::kClockJump:
      fault.number = dice.between(-4000, 4000);
      return;
    case Kind::kLateReports:
    case Kind::kRepeatedReports:
    case Kind::kStaleReads:
      fault.number = dice.between(100, 8000);
      return;
    default:
      fault.number = dice.between(0, 5);
  }
}

}  // namespace

Plan make_plan(std::uint64_t seed) {
  Dice dice(seed * 2654435761u + 17);
  Plan plan{.seed = seed};
  const int projects = dice.percent(70) ? 1 : 2;
  for (int i = 0; i < projects; ++i) {
    plan.ops.push_back({.at = dice.time(0, 2000),
                        .kind = Op::Kind::kImport,
                        .project = i,
                        .number = (seed + static_cast<std::uint64_t>(i)) % 4 == 0 ? 1 : 0});
    for (const char* service : kRuntimes) {
      if (!dice.percent(60)) continue;
      plan.ops.push_back({.at = dice.time(3000, 12'000),
                          .kind = Op::Kind::kDeploy,
                          .project = i,
                          .service = service,
                          .behaviour = dice.percent(85) ? Behaviour::kGood : any_behaviour(dice)});
    }
  }
  const int length_ms = dice.between(30'000, 120'000);
  const int ops = dice.between(2, 14);
  for (int i = 0; i < ops; ++i) {
    Op op = any_op(dice, projects);
    op.at = dice.time(8000, length_ms);
    plan.ops.push_back(std::move(op));
  }
  std::sort(plan.ops.begin(), plan.ops.end(), [](const Op& a, const Op& b) { return a.at < b.at; });
  const int faults = dice.percent(10) ? 0 : dice.between(1, 8);
  for (int i = 0; i < faults; ++i) {
    Fault fault;
    fault.at = dice.time(0, length_ms);
    fault.kind =
        static_cast<Fault::Kind>(dice.between(0, static_cast<int>(Fault::Kind::kCount) - 1));
    if (dice.percent(35)) fault.kind = static_cast<Fault::Kind>(dice.between(0, 4));
    set_extent(dice, fault);
    plan.faults.push_back(fault);
  }
  plan.quiet_at = Millis(length_ms);
  for (const Fault& fault : plan.faults) plan.quiet_at = std::max(plan.quiet_at, fault.until);
  return plan;
}

Plan without(const Plan& plan, const std::set<std::size_t>& left_out) {
  Plan rest{.seed = plan.seed, .quiet_at = plan.quiet_at};
  for (std::size_t i = 0; i < plan.ops.size(); ++i) {
    if (!left_out.contains(i)) rest.ops.push_back(plan.ops[i]);
  }
  for (std::size_t i = 0; i < plan.faults.size(); ++i) {
    if (!left_out.contains(plan.ops.size() + i)) rest.faults.push_back(plan.faults[i]);
  }
  return rest;
}

std::string Plan::describe(std::size_t item) const {
  return item < ops.size() ? to_string(ops[item]) : to_string(faults[item - ops.size()]);
}

std::string to_string(Behaviour behaviour) {
  constexpr std::array kNames{"good",        "slow",          "exits",
                              "never ready", "out of memory", "cannot start",
                              "build fails", "image fails",   "shuts down"};
  return kNames.at(static_cast<std::size_t>(behaviour));
}

std::string to_string(const Op& op) {
  constexpr std::array kNames{"import",         "deploy",         "set a variable of",
                              "scale",          "roll back",      "restart",
                              "stop",           "start",          "cancel in",
                              "create service", "delete service", "delete project"};
  std::string text =
      fmt::format("{:.3f} s: {} p{}/{}", static_cast<double>(op.at.count()) / 1000,
                  kNames.at(static_cast<std::size_t>(op.kind)), op.project, op.service);
  if (op.kind == Op::Kind::kDeploy) text += " (" + to_string(op.behaviour) + ")";
  if (op.kind == Op::Kind::kScale || op.kind == Op::Kind::kCancel)
    text += fmt::format(" {}", op.number);
  return text;
}

std::string to_string(const Fault& fault) {
  constexpr std::array kNames{"kill croftd at a failpoint",
                              "kill croftd after a commit",
                              "kill croftd before an engine call",
                              "kill croftd after an engine call",
                              "kill croftd",
                              "kill the agent",
                              "engine errors",
                              "lost replies of the engine",
                              "slow engine",
                              "engine away",
                              "disk full",
                              "clock jump",
                              "crash a container",
                              "unhealthy container",
                              "crash a core",
                              "late reports",
                              "repeated reports",
                              "link down",
                              "host network errors",
                              "edge down",
                              "stale reads of the engine",
                              "engine calls that work after their timeout"};
  return fmt::format("{:.3f} s to {:.3f} s: {} ({})", static_cast<double>(fault.at.count()) / 1000,
                     static_cast<double>(fault.until.count()) / 1000,
                     kNames.at(static_cast<std::size_t>(fault.kind)), fault.number);
}

}  // namespace croft::sim
