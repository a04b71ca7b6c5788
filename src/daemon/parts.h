// The parts of croftd in the order in which they depend on each other, with their lifetimes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/api_handler.h"
#include "app/app_context.h"
#include "app/auth/auth.h"
#include "app/node_write.h"
#include "app/running.h"
#include "build/image_store.h"
#include "daemon/agent_hub.h"
#include "daemon/artifacts.h"
#include "daemon/disk_guard.h"
#include "daemon/host_facts.h"
#include "daemon/log_sink.h"
#include "daemon/node_publisher.h"
#include "daemon/platform.h"
#include "daemon/purge.h"
#include "daemon/retention.h"
#include "daemon/settings.h"
#include "daemon/stopped_containers.h"
#include "edge/caddy/caddy_edge.h"
#include "engine/docker/docker_engine.h"
#include "model/limits.h"
#include "net/http_server.h"
#include "reconcile/edge_reconciler.h"
#include "reconcile/executor.h"
#include "reconcile/leftover_reconciler.h"
#include "reconcile/network_reconciler.h"
#include "reconcile/node_reconciler.h"
#include "reconcile/rollout.h"
#include "reconcile/service_reconciler.h"
#include "task/broadcast.h"
#include "task/group.h"
#include "task/pool.h"

namespace croft {

class DaemonMetrics;

// Where image recipes, croft's programs and caches of this installation are.
build::ImageStoreOptions image_store_options(const DaemonOptions& options, std::string install_id);

struct Platform::Parts {
  Parts(Runtime& runtime, Store& store, Clock& clock, Random& random, const DaemonOptions& options,
        const Installation& installation, catalog::Catalog types,
        std::unique_ptr<LogStore> log_store);

  ~Parts();

  // What needs the node that this machine is.
  void connect(Runtime& runtime, Store& store, Clock& clock, const DaemonOptions& options,
               const AddressPlan& plan, Node self, const HostFacts& facts);
  Status listen_api(const DaemonOptions& options);
  // The API over everything above; routes are complete before it listens.
  void build_api(const Installation& installation, const DaemonOptions& options, Clock& clock);
  // Those that are not read from the store each time they are checked.
  void apply_limits(const Limits& limits);
  int ready_containers(const ServiceId& service) const;
  NodeFacts node_facts() const;
  std::vector<Loop*> loops() const;
  void wake_all();
  // Wakes the loops when the engine reports something, for ever.
  Task<void> watch_engine();

  Runtime& runtime;
  Names names;
  catalog::Catalog catalog;
  Pool pool;  // child processes, archives
  engine::DockerEngine engine;
  build::ImageStore images;
  World world;
  PlatformImage edge_image;
  LogSink logs;
  DiskGuard disk;
  StoppedContainers stopped;
  AgentHub hub;
  HttpServer agent_server;
  CaddyEdge edge;
  Node node;
  std::unique_ptr<AddressPlan> addresses;

  std::unique_ptr<BuildArtifacts> artifacts;
  std::unique_ptr<ProcessContext> processes;
  std::unique_ptr<AppContext> app;
  std::unique_ptr<NodePublisher> publisher;
  std::unique_ptr<NodeReconciler> drains;
  std::unique_ptr<NetworkReconciler> networks;
  std::unique_ptr<ServiceReconciler> services;
  std::unique_ptr<EdgeReconciler> edges;
  std::unique_ptr<LeftoverReconciler> leftovers;
  std::unique_ptr<Loop> publisher_loop;
  std::unique_ptr<Loop> drain_loop;
  std::unique_ptr<Loop> network_loop;
  std::unique_ptr<Loop> service_loop;
  std::unique_ptr<Loop> edge_loop;
  std::unique_ptr<Retention> retention;
  std::unique_ptr<Loop> retention_loop;  // by its period only
  std::unique_ptr<Loop> leftover_loop;
  std::unique_ptr<Executor> executor;
  Broadcast changes;  // after commits that appended events
  Pool password_pool;
  Auth auth;
  std::unique_ptr<RunningPlatform> running;
  std::unique_ptr<ApiContext> api;
  Router router;
  std::unique_ptr<ApiHandlerFrame> api_frame;
  std::unique_ptr<HttpServer> api_server;
  std::unique_ptr<DaemonMetrics> metrics;
  std::unique_ptr<HttpServer> metrics_server;
  std::string api_url;
  NamedFailpoints failpoints;
  Group group;
};

}  // namespace croft
