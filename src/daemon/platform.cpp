#include "daemon/platform.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "daemon/address_setup.h"
#include "daemon/metrics.h"
#include "daemon/parts.h"
#include "daemon/retention.h"
#include "daemon/swarm_setup.h"
#include "edge/edge_directory.h"
#include "logs/log_store.h"
#include "reconcile/all_processes.h"
#include "store/limits.h"
#include "store/sqlite/sqlite_database.h"

namespace croft {
namespace {

constexpr Millis kEngineRetry{2000};
constexpr Millis kImageRetry{30'000};
constexpr Millis kShutdownGrace{5000};

}  // namespace

Platform::Platform(Runtime& runtime, Store& store, Clock& clock, Random& random,
                   DaemonOptions options)
    : runtime_(runtime),
      store_(store),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      stop_(runtime) {}

Platform::~Platform() = default;

void Platform::stop() {
  stopping_ = true;
  stop_.notify();
}

Task<Status> Platform::prepare() {
  auto installation = co_await load_installation(store_);
  if (!installation) co_return fail(std::move(installation).error());
  auto catalog = catalog::Catalog::load(options_.data / "catalog");
  if (!catalog) co_return fail(std::move(catalog).error());
  auto logs = LogStore::open(sqlite_file(options_.home / "state" / "logs.db"), clock_, {});
  if (!logs) co_return fail(std::move(logs).error());
  parts_ = std::make_unique<Parts>(runtime_, store_, clock_, random_, options_, *installation,
                                   std::move(*catalog), std::move(*logs));
  facts_ = read_host_facts();
  auto node = co_await find_node(*installation);
  if (!node) co_return fail(std::move(node).error());
  auto plan = co_await settle_addresses(store_, parts_->engine, *installation, options_, facts_);
  if (!plan) co_return fail(std::move(plan).error());
  parts_->connect(runtime_, store_, clock_, options_, *plan, std::move(*node), facts_);
  parts_->build_api(*installation, options_, clock_);
  auto limits = co_await store_.read([](const Tx& tx) { return read_limits(tx); });
  if (!limits) co_return fail(std::move(limits).error());
  parts_->apply_limits(*limits);
  store_.on_events([this](std::int64_t) {
    parts_->changes.notify();
    parts_->executor->wake();
  });
  CROFT_CO_TRY(co_await forget_unanswered_requests());
  CROFT_CO_TRY(co_await write_setup_token());
  const std::filesystem::path run = options_.home / "run";
  CROFT_CO_TRY(write_file_if_changed(run / "node-id", parts_->node.id.str()));
  CROFT_CO_TRY(write_file_if_changed(options_.home / "state" / kInstallIdFile, installation->id));
  co_return Status{};
}

// A start must not need space: on a full disk somebody must be able to see that it is full.
Task<Status> Platform::forget_unanswered_requests() {
  const Status begun = co_await parts_->retention->begin();
  if (begun || begun.error().code() != ErrorCode::kExhausted) co_return begun;
  log_warning("the store is full: idempotency keys of requests that were not answered stay refused",
              {{"error", begun.error().message()}});
  co_return Status{};
}

Task<Result<Node>> Platform::find_node(const Installation& installation) {
  for (;;) {
    auto node = co_await set_up_swarm(parts_->engine, store_, facts_, installation.id);
    // An engine that is only starting is waited for; what it refuses is not tried again.
    if (node || node.error().code() != ErrorCode::kUnavailable || stopping_) co_return node;
    log_warning("the engine does not answer", {{"error", node.error().message()}});
    auto known = co_await known_node(store_, facts_);
    if (!known) co_return fail(std::move(known).error());
    if (*known) co_return std::move(**known);
    co_await stop_.wait_for(kEngineRetry);
  }
}

Task<Status> Platform::take_engine() {
  auto node = co_await set_up_swarm(parts_->engine, store_, facts_, parts_->names.install());
  if (!node) co_return fail(std::move(node).error());
  if (node->engine_id != parts_->node.engine_id) {
    log_warning("the engine is another one than at the start: croftd starts again",
                {{"engine", node->engine_id}, {"known", parts_->node.engine_id}});
    stop();
    co_return fail(ErrorCode::kUnavailable, "the engine is another one than at the start");
  }
  co_return co_await parts_->artifacts->remove_leftovers();
}

Task<void> Platform::run_processes() {
  for (;;) {
    const Status taken = co_await take_engine();
    if (taken) break;
    if (taken.error().code() != ErrorCode::kUnavailable) {
      log_error("the engine cannot be used", {{"error", taken.error().describe()}});
    }
    co_await sleep_for(kEngineRetry);
  }
  co_await parts_->executor->run();
}

// Until there is a user: a one-time token for whoever may read files of root here.
Task<Status> Platform::write_setup_token() {
  const std::filesystem::path file = options_.home / "run" / "setup-token";
  auto token = co_await parts_->auth.issue_setup_token();
  if (!token) co_return fail(std::move(token).error());
  if (*token) co_return write_file_atomically(file, (*token)->reveal(), 0600);
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  co_return Status{};
}

Task<Result<std::string>> Platform::build_platform_image(std::string type,
                                                         std::function<void(PlatformImage)> tell) {
  PlatformImage state{.making = true};
  tell(state);
  const auto progress = [&state, &tell](std::string_view line) {
    log_info("image", {{"line", line}});
    if (!line.starts_with("step ")) return;  // what a step prints
    state.step = line;
    tell(state);
  };
  auto image = co_await parts_->images.ensure_image({.types = {type}}, progress);
  if (image) {
    tell({.ready = true});
  } else {
    log_error("cannot make an image of the platform",
              {{"type", type}, {"error", image.error().describe()}});
    tell({.error = image.error().message()});
  }
  co_return image;
}

// The two images that the platform itself runs. Without them no project gets a core; everything
// else goes on.
Task<void> Platform::build_platform_images() {
  std::string core_error;
  for (;;) {
    // An attempt after a failed one does not make the failure forgotten.
    const auto tell_core = [this, &core_error](PlatformImage state) {
      if (state.error.empty()) state.error = state.ready ? "" : core_error;
      core_error = state.error;
      parts_->world.set_core_image(std::move(state));
    };
    auto core = co_await build_platform_image("core", tell_core);
    if (core) {
      parts_->networks->set_core_image(*core);
      parts_->network_loop->wake();
    }
    const auto tell_edge = [this](PlatformImage state) { parts_->edge_image = std::move(state); };
    auto edge = co_await build_platform_image("edge", tell_edge);
    if (edge) {
      parts_->edges->set_image(*edge);
      parts_->edge_loop->wake();
    }
    if (core && edge) co_return;
    const bool no_engine = !core && core.error().code() == ErrorCode::kUnavailable;
    co_await sleep_for(no_engine ? kEngineRetry : kImageRetry);
  }
}

void Platform::start_loops() {
  Group& group = parts_->group;
  Executor& executor = *parts_->executor;
  add_all_processes(executor, *parts_->processes);
  for (Loop* loop : parts_->loops()) group.spawn(loop->name(), loop->run());
  group.spawn("executor", run_processes());
  group.spawn("engine events", parts_->watch_engine());
  group.spawn("disk", parts_->disk.watch());
  group.spawn("stopped containers", parts_->stopped.watch());
  group.spawn("log retention", parts_->logs.keep_within_limits());
  group.spawn("platform images", build_platform_images());
  group.spawn("agent socket", parts_->agent_server.run());
  group.spawn("metrics", parts_->metrics_server->run());
  group.spawn("figures", parts_->metrics->collect_for_ever());
  group.spawn("api", parts_->api_server->run());
}

Task<int> Platform::run() {
  const Status ready = co_await prepare();
  if (!ready) {
    log_error("croftd cannot start", {{"error", ready.error().describe()}});
    co_return 1;
  }
  const std::filesystem::path run = options_.home / "run";
  Status listening = parts_->agent_server.listen_unix(run / "agent.sock", 0600);
  if (listening) {
    listening = parts_->metrics_server->listen_unix(run / "metrics.sock", 0600);
  }
  if (listening) listening = parts_->listen_api(options_);
  if (!listening) {
    log_error("croftd cannot listen", {{"error", listening.error().describe()}});
    co_return 1;
  }
  start_loops();
  log_info("croftd runs", {{"api", parts_->api_url}});
  while (!stopping_) co_await stop_.wait_for(Millis(3'600'000));
  co_await parts_->api_server->stop(kShutdownGrace);
  co_await parts_->agent_server.stop(kShutdownGrace);
  co_await parts_->metrics_server->stop(Millis(0));
  parts_->group.cancel();
  co_await parts_->group.join();
  co_return 0;
}

Task<int> Platform::purge() {
  auto installation = co_await load_installation(store_);
  if (!installation) co_return 1;
  engine::DockerEngine engine(runtime_, options_.engine_socket);
  const Status purged = co_await purge_engine(runtime_, engine, Names(installation->id));
  if (!purged) {
    log_error("cannot remove everything from the engine", {{"error", purged.error().describe()}});
    co_return 1;
  }
  co_return 0;
}

}  // namespace croft
