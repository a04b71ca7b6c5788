#include "agent.h"

#include "base/json_at_once.h"
#include "control_plane.h"

namespace croft::sim {
namespace {

// As in src/node.
constexpr Millis kScanPeriod{1000};
constexpr Millis kCheckPeriod{30'000};
constexpr Millis kRetryPause{2000};
constexpr Millis kReconnectPause{500};
constexpr Millis kReportPeriod{5000};
constexpr Millis kSilenceLimit{15'000};
constexpr Millis kForever{1'000'000'000};

HostDevice device_of(const NodeSegment& segment) {
  return {.name = segment.device,
          .kind = "vxlan",
          .vni = segment.vni,
          .local = segment.local_address,
          .port = kVxlanPort,
          .mtu = segment.mtu,
          .up = true,
          .peers = segment.peers};
}

// The machine after the lines of a plan for it have run.
HostState state_of(const NodeDesired& desired) {
  HostState state;
  state.devices.push_back(device_of(desired.uplink.segment));
  for (const NodeSegment& segment : desired.segments) state.devices.push_back(device_of(segment));
  state.devices.push_back(
      {.name = desired.uplink.child_device,
       .kind = "macvlan",
       .mtu = desired.uplink.segment.mtu,
       .up = true,
       .parent = desired.uplink.segment.device,
       .addresses = {desired.uplink.node_address4, desired.uplink.node_address6}});
  state.routes = desired.uplink.routes;
  return state;
}

}  // namespace

Agent::Agent(SimWorld& world)
    : world_(world),
      died_(world.runtime),
      changed_(world.runtime),
      to_send_(world.runtime),
      engine_(world.engine_of_agent),
      containers_(world.runtime, engine_, world.install_id, changed_),
      report_(fmt::format("{}", world.now().count())),
      group_(world.runtime) {}

void Agent::die(const std::string& why) {
  if (!alive_) return;
  alive_ = false;
  world_.trace("the agent dies: " + why);
  died_.notify();
}

Task<void> Agent::live() {
  desired_ = world_.kept_desired;
  dirty_ = desired_.has_value();
  generation_ = desired_ ? desired_->generation : 0;
  containers_.start();
  group_.spawn("loop", loop());
  group_.spawn("receive", receive());
  group_.spawn("send", send());
  world_.trace("the agent is up");
  while (alive_) co_await died_.wait_for(kForever);
  group_.cancel();
  co_await group_.join();
  co_await containers_.stop();
}

Task<void> Agent::loop() {
  for (;;) {
    look();
    co_await changed_.wait_for(kScanPeriod);
    co_await sleep_for(Millis(world_.between(0, 40)));
  }
}

void Agent::look() {
  if (!alive_) return;
  if (desired_ && (dirty_ || world_.now() >= next_check_)) {
    dirty_ = false;
    const Status done = converge(*desired_);
    next_check_ = world_.now() + (done ? kCheckPeriod : kRetryPause);
    error_ = done ? "" : done.error().message();
    if (done) applied_generation_ = desired_->generation;
  }
  publish();
}

Status Agent::converge(const NodeDesired& desired) {
  if (world_.active(Fault::Kind::kHostErrors) != nullptr && world_.percent(70)) {
    return fail(ErrorCode::kFailed, "ip: no such device");
  }
  auto plan = plan_host(desired, world_.host, world_.install_id);
  if (!plan) return fail(std::move(plan).error());
  if (!plan->empty()) {
    world_.host = state_of(desired);
    world_.trace(fmt::format("agent: {} lines for ip", plan->ip_lines.size()));
  }
  segments_ = matching_segments(desired, world_.host);
  std::map<ProjectId, CoreDesired> files;
  for (const CoreDesired& core : desired.cores) files[core.project_id] = core;
  world_.core_files = std::move(files);
  world_.kept_desired = desired;
  return {};
}

void Agent::publish() {
  NodeObserved observed{.generation = applied_generation_,
                        .edge_generation = applied_generation_,
                        .error = error_,
                        .segments = segments_};
  for (const auto& [container, report] : world_.core_reports) observed.cores.push_back(report);
  if (containers_.containers()) {
    observed.containers_known = true;
    observed.containers = *containers_.containers();
  }
  if (report_.set(std::move(observed))) to_send_.notify();
}

Task<void> Agent::receive() {
  for (;;) {
    co_await receive_once();
    co_await sleep_for(kReconnectPause);
  }
}

Task<void> Agent::receive_once() {
  if (world_.control == nullptr || !world_.link_up()) co_return;
  const auto exchange = world_.control->request("GET", "/agent/v1/desired", &report_, "");
  if (!exchange) co_return;
  to_send_.notify();
  struct Leave {
    ~Leave() { of->leave(); }
    MemoryExchange* of;
  };
  const Leave leave{exchange.get()};
  for (;;) {
    const std::uint64_t seen = exchange->changed.version();
    if (exchange->pieces.empty()) {
      if (exchange->over) co_return;
      co_await exchange->changed.wait_past(seen, kSilenceLimit);
      if (exchange->changed.version() == seen) co_return;
      continue;
    }
    const std::string line = exchange->pieces.front();
    exchange->pieces.pop_front();
    co_await sleep_for(Millis(world_.between(0, 10)));
    if (!world_.link_up()) co_return;
    if (line == "\n") continue;
    auto desired = from_json_text_at_once<NodeDesired>(line);
    check(desired.has_value(), "the desired state of a node can be read");
    if (desired->generation < generation_) continue;
    generation_ = desired->generation;
    desired_ = std::move(*desired);
    dirty_ = true;
    changed_.notify();
  }
}

Task<void> Agent::send() {
  for (;;) {
    const bool woken = co_await to_send_.wait_for(kReportPeriod);
    if (woken) co_await sleep_for(Millis(20));
    if (report_.body().empty()) continue;
    const std::string body = report_.body();
    const bool taken = co_await post(body);
    if (taken) continue;
    co_await sleep_for(kReconnectPause);
  }
}

Task<bool> Agent::post(std::string body) {
  if (const Fault* late = world_.active(Fault::Kind::kLateReports)) {
    co_await sleep_for(Millis(world_.between(0, late->number)));
  }
  if (const Fault* again = world_.active(Fault::Kind::kRepeatedReports)) {
    world_.group.spawn("repeat", repeat(&world_, body, Millis(world_.between(0, again->number))));
  }
  if (world_.control == nullptr || !world_.link_up()) co_return false;
  const auto exchange = world_.control->request("POST", "/agent/v1/observed", nullptr, body);
  if (!exchange) co_return false;
  while (!exchange->over) {
    co_await exchange->changed.wait_past(exchange->changed.version(), kSilenceLimit);
  }
  co_return exchange->status == 204 && world_.link_up();
}

// What a broken connection may do: an old report arrives once more.
Task<void> Agent::repeat(SimWorld* world, std::string body, Millis later) {
  co_await sleep_for(later);
  if (world->control == nullptr || !world->link_up()) co_return;
  world->trace("a report arrives once more");
  (void)world->control->request("POST", "/agent/v1/observed", nullptr, std::move(body));
}

}  // namespace croft::sim
