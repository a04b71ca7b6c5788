#include "daemon/parts.h"

#include "api/all_routes.h"
#include "daemon/metrics.h"
#include "daemon/running.h"
#include "edge/edge_directory.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"

namespace croft {
namespace {

// A missed event costs at most so long.
constexpr Millis kLoopPeriod{5000};
constexpr Millis kLeftoverPeriod{60'000};
constexpr std::uint16_t kApiPort = 7420;
// At once on one machine; those of one service go one after the other.
constexpr int kProcesses = 8;
constexpr std::size_t kPoolThreads = 4;

}  // namespace

build::ImageStoreOptions image_store_options(const DaemonOptions& options, std::string install_id) {
  build::ImageStoreOptions made;
  made.recipes = options.data / "images";
  made.cache = options.home / "cache";
  made.binaries = options.programs;
  made.install_id = std::move(install_id);
  made.min_free_bytes = options.least_free_bytes;
  made.host = build::current_host_paths();
  return made;
}

Platform::Parts::Parts(Runtime& rt, Store& store, Clock& clock, Random& random,
                       const DaemonOptions& options, const Installation& installation,
                       catalog::Catalog types, std::unique_ptr<LogStore> log_store)
    : runtime(rt),
      names(installation.id),
      catalog(std::move(types)),
      pool(kPoolThreads),
      engine(rt, options.engine_socket),
      images(engine, pool, catalog, image_store_options(options, installation.id)),
      world(rt),
      logs(std::move(log_store)),
      disk({options.home, options.home / "state"}, DiskGuard::ask_system),
      stopped(store, world, clock),
      hub(rt, clock, world, logs),
      agent_server(rt, hub, {}),
      edge(rt, (options.home / "edge" / kEdgeSocketName).string(),
           (options.home / "edge" / kEdgeResolverName).string()),
      changes(rt),
      password_pool(2),
      auth(store, password_pool, clock, random, PasswordCost{}),
      failpoints(options.failpoint),
      group(rt) {
  app = std::make_unique<AppContext>(AppContext{.store = store,
                                                .catalog = catalog,
                                                .clock = clock,
                                                .random = random,
                                                .platform = options.platform,
                                                .wake = [this] { wake_all(); },
                                                .cancel =
                                                    [this](const ProcessId& id) {
                                                      if (executor) executor->cancel(id);
                                                    }});
}

Platform::Parts::~Parts() = default;

void Platform::Parts::connect(Runtime& rt, Store& store, Clock& clock, const DaemonOptions& options,
                              const AddressPlan& plan, Node self, const HostFacts& facts) {
  addresses = std::make_unique<AddressPlan>(plan);
  node = std::move(self);
  artifacts = std::make_unique<BuildArtifacts>(BuildTools{.runtime = runtime,
                                                          .store = store,
                                                          .engine = engine,
                                                          .pool = pool,
                                                          .catalog = catalog,
                                                          .images = images,
                                                          .names = names,
                                                          .addresses = *addresses,
                                                          .platform = options.platform,
                                                          .home = options.home});
  processes = std::make_unique<ProcessContext>(ProcessContext{.store = store,
                                                              .world = world,
                                                              .artifacts = *artifacts,
                                                              .catalog = catalog,
                                                              .addresses = *addresses,
                                                              .clock = clock,
                                                              .platform = options.platform,
                                                              .wake = [this] { wake_all(); }});
  publisher = std::make_unique<NodePublisher>(store, world, hub, *addresses, names.install(), node,
                                              facts, options.platform);
  drains = std::make_unique<NodeReconciler>(store, engine, names);
  networks = std::make_unique<NetworkReconciler>(store, engine, world, names, *addresses, clock,
                                                 options.home / "cores", node);
  services = std::make_unique<ServiceReconciler>(store, engine, world, catalog, names, *addresses);
  edges = std::make_unique<EdgeReconciler>(engine, edge, world, node.id, names, options.platform,
                                           options.home / "edge");
  leftovers = std::make_unique<LeftoverReconciler>(store, engine, *artifacts, names);
  publisher_loop = std::make_unique<Loop>(rt, clock, *publisher, kLoopPeriod);
  drain_loop = std::make_unique<Loop>(rt, clock, *drains, kLoopPeriod);
  network_loop = std::make_unique<Loop>(rt, clock, *networks, kLoopPeriod);
  service_loop = std::make_unique<Loop>(rt, clock, *services, kLoopPeriod);
  edge_loop = std::make_unique<Loop>(rt, clock, *edges, kLoopPeriod);
  retention = std::make_unique<Retention>(store, clock);
  retention_loop = std::make_unique<Loop>(rt, clock, *retention, kRetentionPeriod);
  leftover_loop = std::make_unique<Loop>(rt, clock, *leftovers, kLeftoverPeriod);
  executor = std::make_unique<Executor>(rt, store, failpoints, kProcesses);
  // A report of an agent changes what the cores are to be told, and may be what a network or an
  // instance set waits for.
  world.on_change([this] {
    publisher_loop->wake();
    network_loop->wake();
    if (edges->waits_for_routes()) edge_loop->wake();
  });
}

void Platform::Parts::build_api(const Installation& installation, const DaemonOptions& options,
                                Clock& clock) {
  running = std::make_unique<DaemonPlatform>(*this, clock, options);
  app->ready_containers = [this](const ServiceId& id) { return ready_containers(id); };
  app->node_seen = [this](const NodeId& id) { return hub.last_seen(id); };
  api = std::make_unique<ApiContext>(
      ApiContext{.app = *app,
                 .auth = auth,
                 .runtime = runtime,
                 .changes = changes,
                 .install_id = installation.id,
                 .version = "0.1.0",
                 .begin_work = [this] { return running->begin_work(); }});
  api->may_write = [this] { return disk.may_write(); };
  logs.set_may_write(api->may_write);
  api->limits_changed = [this](const Limits& limits) {
    apply_limits(limits);
    publisher_loop->wake();  // nodes have some of them
  };
  add_all_routes(router, *api, *running, [this] { return node_facts(); });
  api_frame = std::make_unique<ApiHandlerFrame>(*api, router);
  api_server = std::make_unique<HttpServer>(runtime, *api_frame, HttpServerOptions{});
  metrics = std::make_unique<DaemonMetrics>(*this, app->store, clock, options.home / "state");
  metrics_server = std::make_unique<HttpServer>(runtime, *metrics, HttpServerOptions{});
}

void Platform::Parts::apply_limits(const Limits& limits) {
  api->rates = limits.requests;
  LogLimits kept;
  kept.max_project_bytes = limits.project.log_bytes;
  logs.store().set_limits(kept);
}

int Platform::Parts::ready_containers(const ServiceId& service) const {
  int ready = 0;
  for (const auto& [id, observed] : world.nodes()) {
    for (const ObservedContainer& container : observed.containers) {
      if (container.service_id != service || !container.running) continue;
      const CoreObserved* core = world.active_core(container.project_id);
      if (core == nullptr) continue;
      for (const ObservedInstance& one : core->instances) {
        ready += one.id == container.task_id && one.in_rotation ? 1 : 0;
      }
    }
  }
  return ready;
}

NodeFacts Platform::Parts::node_facts() const {
  NodeFacts facts{.control_node = node.id, .loads = {}};
  for (const auto& [id, observed] : world.nodes()) {
    NodeLoad& load = facts.loads[id];
    for (const ObservedContainer& container : observed.containers) {
      const bool managed = container.role == "managed";
      if (!container.running || (!managed && container.role != "runtime")) continue;
      ++load.containers;
      load.with_data += managed ? 1 : 0;
    }
  }
  return facts;
}

std::vector<Loop*> Platform::Parts::loops() const {
  return {publisher_loop.get(), drain_loop.get(),     network_loop.get(), service_loop.get(),
          edge_loop.get(),      retention_loop.get(), leftover_loop.get()};
}

void Platform::Parts::wake_all() {
  if (!executor) return;
  for (Loop* loop : loops()) {
    // Nobody waits for what these two do.
    if (loop != retention_loop.get() && loop != leftover_loop.get()) loop->wake();
  }
  executor->wake();
}

Task<void> Platform::Parts::watch_engine() {
  for (;;) {
    auto events = co_await engine.events(std::nullopt, Millis(10'000));
    while (events) {
      auto event = co_await (*events)->next();
      if (!event) break;
      using Kind = engine::Event::Kind;
      if (event->kind == Kind::kContainer || event->kind == Kind::kService) service_loop->wake();
      if (event->kind == Kind::kNetwork) network_loop->wake();
    }
    co_await sleep_for(Millis(1000));
    wake_all();  // whatever happened while nobody listened
  }
}

Status Platform::Parts::listen_api(const DaemonOptions& options) {
  const std::uint16_t wanted = options.api_port == 0 ? kApiPort : options.api_port;
  auto port = api_server->listen_tcp(options.api_address, wanted);
  if (!port && options.api_port == 0 && port.error().code() == ErrorCode::kConflict) {
    port = api_server->listen_tcp(options.api_address, 0);
  }
  if (!port) return fail(std::move(port).error());
  const bool v6 = options.api_address.find(':') != std::string::npos;
  api_url =
      fmt::format("http://{}{}{}:{}", v6 ? "[" : "", options.api_address, v6 ? "]" : "", *port);
  return write_file_if_changed(options.home / "run" / "api-url", api_url, 0644);
}

}  // namespace croft
