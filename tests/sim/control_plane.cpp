#include "control_plane.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "daemon/swarm_setup.h"
#include "reconcile/all_processes.h"

namespace croft::sim {
namespace {

// As in src/daemon.
constexpr Millis kLoopPeriod{5000};
constexpr Millis kLeftoverPeriod{60'000};
constexpr int kProcesses = 8;
constexpr Millis kForever{1'000'000'000};

HostFacts facts() {
  return {.name = "node1",
          .address = "192.0.2.1",
          .addresses4 = {"192.0.2.1"},
          .addresses6 = {},
          .resolvers = {"192.0.2.53"}};
}

}  // namespace

// What Platform::Parts holds, without API, builds and logs.
struct ControlPlane::Parts {
  Parts(SimWorld& world, ControlPlane& control, Store& store, const Installation& installation,
        AddressPlan plan, Node self)
      : names(installation.id),
        addresses(std::move(plan)),
        engine(world.engine_of_control),
        observed(world.runtime),
        hub(world.runtime, world.clock, observed, control),
        node(std::move(self)),
        artifacts(world, control, engine, names),
        context{.store = store,
                .world = observed,
                .artifacts = artifacts,
                .catalog = world.catalog,
                .addresses = addresses,
                .clock = world.clock,
                .platform = {},
                .wake = [&control] { control.wake_all(); }},
        publisher(store, observed, hub, addresses, installation.id, node, facts(), {}),
        networks(store, engine, observed, names, addresses, world.clock, "/sim/cores", node),
        services(store, engine, observed, world.catalog, names, addresses),
        edges(engine, world.edge, observed, node.id, names, {},
              std::filesystem::temp_directory_path() / "croft-sim-edge"),
        publisher_loop(world.runtime, world.clock, publisher, kLoopPeriod),
        network_loop(world.runtime, world.clock, networks, kLoopPeriod),
        service_loop(world.runtime, world.clock, services, kLoopPeriod),
        edge_loop(world.runtime, world.clock, edges, kLoopPeriod),
        leftovers(store, engine, artifacts, names),
        leftover_loop(world.runtime, world.clock, leftovers, kLeftoverPeriod),
        executor(world.runtime, store, control, kProcesses) {}

  std::vector<Loop*> loops() {
    return {&publisher_loop, &network_loop, &service_loop, &edge_loop, &leftover_loop};
  }

  Names names;
  AddressPlan addresses;
  engine::FakeEngine& engine;
  World observed;
  AgentHub hub;
  Node node;
  SimArtifacts artifacts;
  ProcessContext context;
  NodePublisher publisher;
  NetworkReconciler networks;
  ServiceReconciler services;
  EdgeReconciler edges;
  Loop publisher_loop;
  Loop network_loop;
  Loop service_loop;
  Loop edge_loop;
  LeftoverReconciler leftovers;
  Loop leftover_loop;
  Executor executor;
};

ControlPlane::ControlPlane(SimWorld& world)
    : world_(world),
      died_(world.runtime),
      born_(world.now()),
      random_(world.random.below(1u << 30)),
      group_(world.runtime) {}

ControlPlane::~ControlPlane() = default;

void ControlPlane::die(const std::string& why) {
  if (!alive_) return;
  alive_ = false;
  world_.trace("croftd dies: " + why);
  died_.notify();
}

Task<void> ControlPlane::pause() {
  if (!alive_) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() == boost::asio::cancellation_type::none) co_await sleep_for(kForever);
    co_return;
  }
  if (world_.percent(25)) {
    co_await sleep_for(Millis(world_.between(0, 3)));
  } else {
    co_await boost::asio::post(boost::asio::use_awaitable);
  }
}

Task<void> ControlPlane::live() {
  group_.spawn("start", start());
  while (alive_) co_await died_.wait_for(kForever);
  group_.cancel();
  co_await group_.join();
}

Task<void> ControlPlane::start() {
  Disk::Client client{.alive = [this] { return alive_; }, .committed = [this] { committed(); }};
  auto store = Store::open(world_.disk.open(std::move(client)), world_.disk.keys(), world_.clock,
                           random_, {.own_threads = false, .pause = [this] { return pause(); }});
  if (!store) {
    die("it cannot open its store: " + store.error().describe());
    co_return;
  }
  store_ = std::move(*store);
  auto installation = co_await load_installation(*store_);
  if (!installation) {
    die("it cannot start: " + installation.error().describe());
    co_return;
  }
  auto node = co_await set_up(*installation);
  if (!node) {
    die("it cannot set up the engine: " + node.error().describe());
    co_return;
  }
  auto plan =
      co_await settle_addresses(*store_, world_.engine_of_control, *installation, {}, facts());
  if (!plan) {
    die("it cannot choose its addresses: " + plan.error().describe());
    co_return;
  }
  co_await connect(std::move(*installation), std::move(*plan), std::move(*node));
}

Task<Result<Node>> ControlPlane::set_up(const Installation& installation) {
  for (;;) {
    auto node = co_await set_up_swarm(world_.engine_of_control, *store_, facts(), installation.id);
    if (node || node.error().code() != ErrorCode::kUnavailable) co_return node;
    co_await sleep_for(Millis(2000));
  }
}

Task<void> ControlPlane::connect(Installation installation, AddressPlan plan, Node node) {
  world_.node_id = node.id;
  world_.install_id = installation.id;
  parts_ = std::make_unique<Parts>(world_, *this, *store_, installation, std::move(plan),
                                   std::move(node));
  Parts& parts = *parts_;
  parts.observed.on_change([&parts] {
    parts.publisher_loop.wake();
    parts.network_loop.wake();
    if (parts.edges.waits_for_routes()) parts.edge_loop.wake();
  });
  store_->on_events([&parts](std::int64_t) { parts.executor.wake(); });
  app_ = std::make_unique<AppContext>(
      AppContext{.store = *store_,
                 .catalog = world_.catalog,
                 .clock = world_.clock,
                 .random = random_,
                 .platform = {},
                 .wake = [this] { wake_all(); },
                 .cancel = [&parts](const ProcessId& id) { parts.executor.cancel(id); }});
  add_all_processes(parts.executor, parts.context);
  for (Loop* loop : parts.loops()) group_.spawn(loop->name(), loop->run());
  group_.spawn("executor", parts.executor.run());
  group_.spawn("engine events", watch_engine());
  group_.spawn("images", make_images());
  world_.trace("croftd is up");
  co_return;
}

Task<void> ControlPlane::make_images() {
  co_await sleep_for(Millis(world_.between(0, 3000)));
  parts_->observed.set_core_image({.ready = true});
  parts_->networks.set_core_image("sim/core:1");
  parts_->network_loop.wake();
  parts_->edges.set_image("sim/edge:1");
  parts_->edge_loop.wake();
}

Task<void> ControlPlane::watch_engine() {
  for (;;) {
    auto events = co_await parts_->engine.events(std::nullopt, Millis(10'000));
    while (events) {
      auto event = co_await (*events)->next();
      if (!event) break;
      using Kind = engine::Event::Kind;
      if (event->kind == Kind::kContainer || event->kind == Kind::kService) {
        parts_->service_loop.wake();
      }
      if (event->kind == Kind::kNetwork) parts_->network_loop.wake();
    }
    co_await sleep_for(Millis(1000));
    wake_all();
  }
}

void ControlPlane::wake_all() {
  if (!parts_) return;
  for (Loop* loop : parts_->loops()) {
    if (loop != &parts_->leftover_loop) loop->wake();
  }
  parts_->executor.wake();
}

std::string ControlPlane::trouble() const {
  if (!ready()) return "croftd is not up";
  for (Loop* loop : parts_->loops()) {
    if (!loop->last_run().error.empty()) return loop->name() + ": " + loop->last_run().error;
  }
  if (!parts_->edges.in_sync()) return "the edge is not in sync";
  return {};
}

std::shared_ptr<MemoryExchange> ControlPlane::request(std::string method, std::string path,
                                                      const node::OutgoingReport* agent,
                                                      std::string body) {
  if (!ready()) return nullptr;
  Query query;
  query.add("node", world_.node_id.str());
  if (agent != nullptr) {
    query.add("life", agent->life()).add("sequence", std::to_string(agent->sequence()));
  }
  auto exchange = std::make_shared<MemoryExchange>(
      world_.runtime, std::move(method), std::move(path), std::move(query), std::move(body));
  group_.spawn("agent request", handle(exchange));
  return exchange;
}

Task<void> ControlPlane::handle(std::shared_ptr<MemoryExchange> exchange) {
  struct End {
    ~End() { of->end(); }
    MemoryExchange* of;
  };
  const End end{exchange.get()};
  co_await parts_->hub.handle(*exchange);
}

bool ControlPlane::strikes(Fault::Kind kind, int& count) {
  for (const Fault& fault : world_.plan.faults) {
    if (fault.kind != kind || world_.now() < fault.at || world_.now() >= fault.until) continue;
    // Counted from its beginning, or from this life's.
    if (++count == fault.number) return true;
  }
  return false;
}

void ControlPlane::committed() {
  if (strikes(Fault::Kind::kKillAtCommit, commits_)) die("after a commit");
}

bool ControlPlane::may_call() {
  if (strikes(Fault::Kind::kKillBeforeCall, calls_before_)) {
    die("before a call of the engine");
    return false;
  }
  if (strikes(Fault::Kind::kKillAfterCall, calls_after_)) die("after a call of the engine");
  return true;
}

void ControlPlane::pass(const Process& process, const std::string& step, Moment moment) {
  if (!alive_) return;
  world_.trace("croftd passes " + failpoint_name(process.kind, step, moment));
  if (moment == Moment::kBefore) {
    const bool fresh = stepping_.insert(process.id).second;
    if (!fresh) world_.violate("a process runs once", process.kind + " is in two steps at once");
  } else {
    stepping_.erase(process.id);
  }
  if (strikes(Fault::Kind::kKillAtFailpoint, failpoints_passed_)) {
    die("at failpoint " + failpoint_name(process.kind, step, moment));
  }
}

}  // namespace croft::sim
