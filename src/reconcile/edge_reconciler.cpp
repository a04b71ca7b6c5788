#include "reconcile/edge_reconciler.h"

#include "base/log.h"
#include "edge/edge_directory.h"
#include "edge/edge_service.h"
namespace croft {
namespace {

constexpr Millis kEngineLimit{15'000};
constexpr Millis kEdgeLimit{10'000};

}  // namespace

EdgeReconciler::EdgeReconciler(engine::SwarmEngine& engine, Edge& edge, const World& world,
                               NodeId node, const Names& names, PlatformAddress platform,
                               std::filesystem::path directory)
    : engine_(engine),
      edge_(edge),
      world_(world),
      node_(std::move(node)),
      names_(names),
      platform_(std::move(platform)),
      directory_(std::move(directory)) {}

Task<Status> EdgeReconciler::reconcile() {
  in_sync_ = false;
  waits_for_routes_ = false;
  if (image_.empty()) co_return Status{};
  if (wanted_.empty()) {
    auto rendered = wanted_config();
    if (!rendered) co_return fail(std::move(rendered).error());
    wanted_ = std::move(*rendered);
  }
  auto current = co_await edge_.current(kEdgeLimit);
  if (!current) {
    // Down or starting. Its directory is put right first: it starts with what is saved there.
    CROFT_CO_TRY(prepare_edge_directory(directory_));
    CROFT_CO_TRY(co_await ensure_service());
    co_return fail(std::move(current).error());
  }
  CROFT_CO_TRY(co_await ensure_service());
  if (!same_edge_config(*current, wanted_)) CROFT_CO_TRY(co_await configure());
  in_sync_ = true;
  co_return Status{};
}

// An edge that worked by an older croft's configuration, with the routes in it, would serve nothing
// by this one until the routes are where it looks for them.
Task<Status> EdgeReconciler::configure() {
  const NodeObserved* node = world_.node(node_);
  if (node == nullptr || node->edge_generation == 0) {
    waits_for_routes_ = true;
    co_return fail(ErrorCode::kUnavailable,
                   "configure the edge: croft-node has not put its routes in place yet");
  }
  CROFT_CO_TRY(co_await edge_.apply(wanted_, kEdgeLimit));
  log_info("the edge works by a new configuration", {{"bytes", wanted_.size()}});
  co_return Status{};
}

Task<Status> EdgeReconciler::ensure_service() {
  engine::ServiceSpec spec = edge_service_spec(
      {.install_id = names_.install(), .image = image_, .host_directory = directory_.string()});
  auto existing = co_await engine_.list_services({.names = {spec.name}}, kEngineLimit);
  if (!existing) co_return fail(std::move(existing).error());
  if (existing->empty()) {
    auto created = co_await engine_.create_service(spec, kEngineLimit);
    if (!created && created.error().code() != ErrorCode::kConflict) {
      co_return fail(std::move(created).error());
    }
    co_return Status{};
  }
  const engine::ServiceInfo& info = existing->front();
  if (info.spec.container.image == image_) co_return Status{};
  log_info("moving the edge to a new image", {{"image", image_}});
  co_return co_await engine_.update_service(info.id, info.version, spec, kEngineLimit);
}

Result<std::string> EdgeReconciler::wanted_config() const {
  EdgeSettings settings = edge_paths();
  settings.platform_domain = platform_.domain;
  settings.http_port = platform_.http_port;
  settings.https_port = platform_.https_port;
  return render_edge_config(settings);
}

}  // namespace croft
