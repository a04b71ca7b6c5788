#include "reconcile/network_reconciler.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "engine/labels.h"
#include "plan/core_replacement.h"
#include "reconcile/service_spec.h"
#include "store/projects.h"

namespace croft {
namespace {

constexpr Millis kEngineLimit{15'000};
// A new core is there within seconds; after this long, waiting for one helps nobody.
constexpr Millis kBadLimit{30'000};

// Where on the node a core has its state.
std::string state_mount(const engine::ServiceSpec& spec) {
  for (const engine::Mount& mount : spec.container.mounts) {
    if (mount.target == kCoreStateDir) return mount.source;
  }
  return {};
}

bool has(const std::vector<engine::NetworkInfo>& networks, const std::string& name) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const engine::NetworkInfo& info) { return info.spec.name == name; });
}

engine::Labels uplink_labels(const Names& names, const AddressPlan& addresses) {
  engine::Labels labels = names.labels("uplink");
  labels[kPoolLabel] = addresses.everything().v4.str();
  return labels;
}

engine::NetworkSpec config_network(const std::string& name, const engine::Labels& labels,
                                   const std::string& device, const PrefixPair& segment,
                                   const PrefixPair& slice, const AddressPair& gateway) {
  return {
      .name = name,
      .driver = "macvlan",
      .labels = labels,
      .options = {{"parent", device}},
      .ranges =
          {{.subnet = segment.v4.str(), .ip_range = slice.v4.str(), .gateway = gateway.v4.str()},
           {.subnet = segment.v6.str(), .ip_range = slice.v6.str(), .gateway = gateway.v6.str()}},
      .enable_ipv6 = true,
      .config_only = true};
}

}  // namespace

NetworkReconciler::NetworkReconciler(Store& store, engine::Engine& engine, const World& world,
                                     const Names& names, const AddressPlan& addresses,
                                     const Clock& clock, std::filesystem::path cores_dir,
                                     Node local)
    : store_(store),
      engine_(engine),
      world_(world),
      names_(names),
      addresses_(addresses),
      clock_(clock),
      cores_dir_(std::move(cores_dir)),
      local_(std::move(local)) {}

bool NetworkReconciler::device_ready(int n) const {
  const NodeObserved* node = world_.node(local_.id);
  if (node == nullptr) return false;
  const std::string device = names_.segment_device(n);
  return std::find(node->segments.begin(), node->segments.end(), device) != node->segments.end();
}

Task<Status> NetworkReconciler::reconcile() {
  auto networks = co_await engine_.list_networks({.labels = names_.ours()}, kEngineLimit);
  if (!networks) co_return fail(std::move(networks).error());
  auto services = co_await engine_.list_services({.labels = names_.labels("core")}, kEngineLimit);
  if (!services) co_return fail(std::move(services).error());
  auto projects =
      co_await store_.read([](const Tx& tx) { return all_projects(tx, Scope::platform()); });
  if (!projects) co_return fail(std::move(projects).error());

  // A task on a node whose config-only network is missing is rejected and retried every 5 s: so
  // the device first, then the network, then the core.
  if (!device_ready(0)) co_return Status{};
  CROFT_CO_TRY(co_await ensure_network(0, names_.uplink_network_config(), names_.uplink_network(),
                                       uplink_labels(names_, addresses_), *networks));
  Status first;
  for (const Project& project : *projects) {
    const int n = project.network_number;
    if (!device_ready(n)) continue;
    Status status =
        co_await ensure_network(n, names_.project_network_config(n), names_.project_network(n),
                                names_.project_labels("segment", project.id), *networks);
    if (status) status = co_await ensure_cores(project, *services);
    if (!status && first) first = std::move(status);
  }
  Status removed = co_await remove_strangers(*projects, *networks, *services);
  co_return first ? removed : first;
}

Task<Status> NetworkReconciler::ensure_network(int n, const std::string& config,
                                               const std::string& network,
                                               const engine::Labels& labels,
                                               const std::vector<engine::NetworkInfo>& existing) {
  if (!has(existing, config)) {
    const engine::NetworkSpec spec =
        config_network(config, labels, names_.segment_device(n), addresses_.segment(n),
                       addresses_.slice(n, local_.index),
                       n == 0 ? addresses_.node(local_.index) : addresses_.gateway(n));
    auto created = co_await engine_.create_network(spec, kEngineLimit);
    if (!created && created.error().code() != ErrorCode::kConflict) {
      co_return fail(std::move(created).error());
    }
  }
  if (has(existing, network)) co_return Status{};
  const engine::NetworkSpec spec{.name = network,
                                 .driver = "macvlan",
                                 .labels = labels,
                                 .config_from = config,
                                 .swarm_scope = true,
                                 .attachable = true};
  auto created = co_await engine_.create_network(spec, kEngineLimit);
  if (!created && created.error().code() != ErrorCode::kConflict) {
    co_return fail(std::move(created).error());
  }
  co_return Status{};
}

std::filesystem::path NetworkReconciler::state_dir(const Project& project) const {
  return cores_dir_ / project.id.str();
}

engine::ServiceSpec NetworkReconciler::wanted_core(const Project& project, std::size_t slot) const {
  return core_service_spec(names_, project, kCoreSlots[slot], core_image_, state_dir(project));
}

Task<Status> NetworkReconciler::ensure_cores(const Project& project,
                                             const std::vector<engine::ServiceInfo>& existing) {
  if (core_image_.empty()) co_return Status{};
  const int n = project.network_number;
  Cores cores;
  for (const engine::ServiceInfo& info : existing) {
    const bool only = info.spec.name == names_.core_service(n);
    const bool first = info.spec.name == names_.core_service(n, kCoreSlots[0]);
    if (!only && !first && info.spec.name != names_.core_service(n, kCoreSlots[1])) continue;
    // A name that was used by a project with the same number before: its core goes first.
    if (engine::label(info.spec.labels, "croft.project") != project.id.str()) {
      co_return co_await engine_.remove_service(info.id, kEngineLimit);
    }
    (only ? cores.of_older_croft : cores.slots[first ? 0 : 1]) = &info;
  }
  CROFT_CO_TRY(co_await create_missing(project, cores));
  co_return co_await replace_outdated(project, cores);
}

Task<Status> NetworkReconciler::create_missing(const Project& project, const Cores& cores) {
  for (std::size_t slot = 0; slot < cores.slots.size(); ++slot) {
    if (cores.slots[slot] != nullptr) continue;
    const engine::ServiceSpec wanted = wanted_core(project, slot);
    auto created = co_await engine_.create_service(wanted, kEngineLimit);
    if (!created && created.error().code() != ErrorCode::kConflict) {
      co_return fail(std::move(created).error());
    }
  }
  co_return Status{};
}

bool NetworkReconciler::bad_for_long(const ProjectId& project) {
  for (const char* slot : kCoreSlots) {
    if (!is_good(world_.core(project, slot))) continue;
    bad_since_.erase(project);
    return false;
  }
  const auto since = bad_since_.emplace(project, clock_.steady()).first->second;
  return clock_.steady() - since >= kBadLimit;
}

Task<Status> NetworkReconciler::replace_outdated(const Project& project, const Cores& cores) {
  const bool both_bad = bad_for_long(project.id);
  std::array<CoreSlot, 2> slots;
  bool successor = false;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i].report = world_.core(project.id, kCoreSlots[i]);
    const engine::ServiceInfo* info = cores.slots[i];
    slots[i].outdated = info != nullptr && (info->spec.container.image != core_image_ ||
                                            state_mount(info->spec) != state_dir(project).string());
    // It waits for the core of an older croft to go, with all that it must know.
    const CoreObserved* report = slots[i].report;
    successor = successor || (report != nullptr && report->revision == core_image_ &&
                              report->generation > 0 && report->error.empty());
  }
  if (cores.of_older_croft != nullptr && successor) {
    log_info("two cores take over from one", {{"project", project.name}});
    co_return co_await engine_.remove_service(cores.of_older_croft->id, kEngineLimit);
  }
  const auto chosen = core_to_replace(slots, core_image_, both_bad);
  if (!chosen) co_return Status{};
  const engine::ServiceInfo& info = *cores.slots[*chosen];
  engine::ServiceSpec changed = info.spec;
  changed.container = wanted_core(project, *chosen).container;
  log_info("replacing a core",
           {{"project", project.name}, {"slot", kCoreSlots[*chosen]}, {"image", core_image_}});
  co_return co_await engine_.update_service(info.id, info.version, changed, kEngineLimit);
}

Task<Status> NetworkReconciler::remove_strangers(const std::vector<Project>& projects,
                                                 const std::vector<engine::NetworkInfo>& networks,
                                                 const std::vector<engine::ServiceInfo>& services) {
  std::set<std::string> known;
  for (const Project& project : projects) known.insert(project.id.str());
  std::erase_if(bad_since_, [&](const auto& entry) { return !known.contains(entry.first.str()); });
  for (const engine::ServiceInfo& info : services) {
    if (known.contains(engine::label(info.spec.labels, "croft.project"))) continue;
    Status removed = co_await engine_.remove_service(info.id, kEngineLimit);
    if (!removed && removed.error().code() != ErrorCode::kNotFound) co_return removed;
  }
  // The network before its configuration, as each removal of the other order would be refused.
  for (const bool config_only : {false, true}) {
    for (const engine::NetworkInfo& info : networks) {
      if (engine::label(info.spec.labels, "croft.role") != "segment" ||
          info.spec.config_only != config_only ||
          known.contains(engine::label(info.spec.labels, "croft.project"))) {
        continue;
      }
      Status removed = co_await engine_.remove_network(info.id, kEngineLimit);
      // In use until the last container has gone: the next run takes it.
      if (!removed && removed.error().code() != ErrorCode::kNotFound &&
          removed.error().code() != ErrorCode::kConflict &&
          removed.error().code() != ErrorCode::kForbidden) {
        co_return removed;
      }
    }
  }
  co_return Status{};
}

}  // namespace croft
