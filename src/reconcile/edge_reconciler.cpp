#include "reconcile/edge_reconciler.h"

#include "base/log.h"
#include "edge/edge_directory.h"
#include "edge/edge_service.h"
#include "plan/edge_names.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

constexpr Millis kEngineLimit{15'000};
constexpr Millis kEdgeLimit{10'000};

}  // namespace

EdgeReconciler::EdgeReconciler(Store& store, engine::SwarmEngine& engine, Edge& edge,
                               const Names& names, const AddressPlan& addresses,
                               PlatformAddress platform, std::filesystem::path directory)
    : store_(store),
      engine_(engine),
      edge_(edge),
      names_(names),
      addresses_(addresses),
      platform_(std::move(platform)),
      directory_(std::move(directory)) {}

Task<Status> EdgeReconciler::reconcile() {
  in_sync_ = false;
  if (image_.empty()) co_return Status{};
  auto wanted = co_await wanted_config();
  if (!wanted) co_return fail(std::move(wanted).error());
  auto current = co_await edge_.current(kEdgeLimit);
  if (!current) {
    // Down or starting. Its directory is put right first: it starts with what is saved there.
    CROFT_CO_TRY(prepare_edge_directory(directory_));
    CROFT_CO_TRY(co_await ensure_service());
    co_return fail(std::move(current).error());
  }
  CROFT_CO_TRY(co_await ensure_service());
  if (!same_edge_config(*current, *wanted)) {
    CROFT_CO_TRY(co_await edge_.apply(*wanted, kEdgeLimit));
    log_info("the edge works by a new configuration", {{"bytes", wanted->size()}});
  }
  in_sync_ = true;
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

Task<Result<std::string>> EdgeReconciler::wanted_config() {
  EdgeDesired desired;
  desired.settings.platform_domain = platform_.domain;
  desired.settings.http_port = platform_.http_port;
  desired.settings.https_port = platform_.https_port;
  desired.settings.admin_socket = edge_admin_socket();
  desired.settings.storage_dir = edge_storage_directory();
  auto routes = co_await store_.read([this](const Tx& tx) -> Result<std::vector<EdgeRoute>> {
    std::vector<EdgeRoute> found;
    auto projects = all_projects(tx, Scope::platform());
    if (!projects) return fail(std::move(projects).error());
    for (const Project& project : *projects) {
      auto services = list_services(tx, Scope::platform(), project.id);
      if (!services) return fail(std::move(services).error());
      for (const Service& service : *services) {
        if (!service.subdomain_enabled) continue;
        auto named = edge_names(project.name, service.hostname, service.ports, platform_.domain);
        if (!named) return fail(std::move(named).error());
        for (const EdgeName& one : *named) {
          found.push_back({.hosts = {one.host},
                           .project = project.name,
                           .service = service.hostname,
                           .port = one.port,
                           .resolver = addresses_.core_uplink(project.network_number).v6.str()});
        }
      }
    }
    return found;
  });
  if (!routes) co_return fail(std::move(routes).error());
  desired.routes = std::move(*routes);
  co_return render_edge_config(desired);
}

}  // namespace croft
