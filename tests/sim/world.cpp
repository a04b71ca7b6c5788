#include "world.h"

#include <algorithm>
#include <cstdio>

#include "agent.h"
#include "control_plane.h"

namespace croft::sim {
namespace {

constexpr int kLateEffectPercent = 30;
constexpr Millis kReadinessLimit{20'000};  // as the setups of the workload say

// Something goes wrong while the first croftd makes its tables: then it does make them.
bool strikes_at_once(const Plan& plan) {
  return std::any_of(plan.faults.begin(), plan.faults.end(),
                     [](const Fault& fault) { return fault.at <= Millis(0); });
}

bool changes_something(const std::string& call) {
  return call.starts_with("create_") || call.starts_with("remove_") || call.starts_with("update_");
}

}  // namespace

SimWorld::SimWorld(Plan wanted, const catalog::Catalog& types, bool print)
    : time(VirtualTime::install(runtime, clock)),
      plan(std::move(wanted)),
      catalog(types),
      random(plan.seed + 1),
      cluster(clock, plan.seed + 2),
      engine_of_control(cluster, "", "croftd"),
      engine_of_agent(cluster, "", "agent"),
      disk(plan.seed + 3, !strikes_at_once(plan)),
      group(runtime),
      print_(print) {
  cluster.fault = [this](const engine::FakeCall& call) { return on_call(call); };
  cluster.behaviour.process = [this](const engine::ContainerSettings& settings) {
    return process_of(settings);
  };
  for (const char* image : {"sim/core:1", "sim/edge:1"}) {
    cluster.add_image(cluster.first_node_id, image, {});
  }
}

SimWorld::~SimWorld() = default;

int SimWorld::between(int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

const Fault* SimWorld::active(Fault::Kind kind) const {
  for (const Fault& fault : plan.faults) {
    if (fault.kind == kind && fault.at <= now() && now() < fault.until) return &fault;
  }
  return nullptr;
}

bool SimWorld::link_up() const {
  return active(Fault::Kind::kLinkDown) == nullptr;
}

bool SimWorld::good(const VersionId& version) const {
  const auto found = behaviours.find(version.str());
  return found == behaviours.end() || found->second == Behaviour::kGood ||
         found->second == Behaviour::kSlow || found->second == Behaviour::kShutsDown;
}

std::string SimWorld::label(const engine::FakeContainer& container, const std::string& key) {
  const auto found = container.info.labels.find(key);
  return found == container.info.labels.end() ? std::string() : found->second;
}

void SimWorld::trace(std::string line) {
  for (const char c : line + std::to_string(now().count())) {
    trace_hash_ = (trace_hash_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  if (print_) {
    std::printf("%10.3f  %s\n", static_cast<double>(now().count()) / 1000, line.c_str());
  }
}

void SimWorld::violate(std::string invariant, std::string what) {
  trace("VIOLATION " + invariant + ": " + what);
  if (!violated_.empty()) return;
  violated_ = std::move(invariant);
  violation_ = std::move(what);
}

engine::FakeFault SimWorld::on_call(const engine::FakeCall& call) {
  engine::FakeFault fault{.delay = Millis(between(0, 4))};
  const bool of_control = call.client == "croftd";
  const bool changes = changes_something(call.name);
  if (of_control && (control == nullptr || !control->alive())) {
    return {.delay = Millis(3'600'000)};  // nobody is there to make the call
  }
  if (const Fault* slow = active(Fault::Kind::kSlowEngine)) {
    fault.delay = Millis(between(0, slow->number));
  }
  if (active(Fault::Kind::kEngineAway) != nullptr) {
    fault.error = Error(ErrorCode::kUnavailable, "the container engine does not answer");
  } else if (const Fault* errors = active(Fault::Kind::kEngineErrors);
             errors != nullptr && percent(errors->number)) {
    fault.error = Error(ErrorCode::kFailed, "the container engine failed");
  } else if (const Fault* lost = active(Fault::Kind::kLostReplies);
             lost != nullptr && percent(lost->number)) {
    fault.error = Error(ErrorCode::kUnavailable, "the answer was lost");
    fault.after_effect = true;
  }
  if (!fault.error) let_it_be_late(fault, changes);
  if (changes) {
    const char* fate = fault.effect_after_timeout ? " (works after its timeout)"
                       : !fault.error             ? ""
                       : fault.after_effect       ? " (answer lost)"
                                                  : " (fails)";
    trace(fmt::format("{} calls {} {}{}", call.client, call.name, call.object, fate));
  }
  if (of_control && changes && !control->may_call()) return {.delay = Millis(3'600'000)};
  return fault;
}

// What was read is old when it arrives; what was changed is changed when nobody waits for it.
void SimWorld::let_it_be_late(engine::FakeFault& fault, bool changes) {
  if (const Fault* stale = active(Fault::Kind::kStaleReads); stale != nullptr && !changes) {
    fault.effect_first = true;
    fault.delay = Millis(between(0, stale->number));
  }
  if (const Fault* late = active(Fault::Kind::kLateEffects);
      late != nullptr && changes && percent(kLateEffectPercent)) {
    fault.effect_after_timeout = Millis(between(0, late->number));
  }
}

engine::FakeProcess SimWorld::process_of(const engine::ContainerSettings& settings) {
  engine::FakeProcess process;
  process.stop_delay = Millis(2500 + between(0, 2000));
  const std::size_t colon = settings.image.rfind(':');
  const auto found = behaviours.find(settings.image.substr(colon + 1));
  if (found == behaviours.end()) return process;
  switch (found->second) {
    case Behaviour::kExits:
      process.exits_after = Millis(between(10, 3000));
      process.exit_code = 1;
      break;
    case Behaviour::kOutOfMemory:
      process.exits_after = Millis(between(10, 3000));
      process.out_of_memory = true;
      break;
    case Behaviour::kNeverReady:
      process.exits_after = kReadinessLimit;
      process.exit_code = 1;
      break;
    case Behaviour::kCannotStart:
      process.start_error = "no such program";
      break;
    default:
      break;
  }
  return process;
}

}  // namespace croft::sim
