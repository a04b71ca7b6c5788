#include "reconcile/service_reconciler.h"

#include <algorithm>

#include "base/log.h"
#include "engine/labels.h"
#include "reconcile/service_spec.h"
#include "store/instance_sets.h"
#include "store/nodes.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

constexpr Millis kEngineLimit{15'000};

bool of_instances(const engine::Labels& labels) {
  const std::string role = engine::label(labels, "croft.role");
  return role == "runtime" || role == "managed";
}

}  // namespace

struct ServiceReconciler::Wanted {
  Project project;
  Service service;
  InstanceSet set;
};

ServiceReconciler::ServiceReconciler(Store& store, engine::SwarmEngine& engine, World& world,
                                     const catalog::Catalog& catalog, const Names& names,
                                     const AddressPlan& addresses)
    : store_(store),
      engine_(engine),
      world_(world),
      catalog_(catalog),
      names_(names),
      addresses_(addresses) {}

Task<Result<std::vector<ServiceReconciler::Wanted>>> ServiceReconciler::read_wanted() {
  co_return co_await store_.read([](const Tx& tx) -> Result<std::vector<Wanted>> {
    auto sets = all_instance_sets(tx, Scope::platform());
    if (!sets) return fail(std::move(sets).error());
    std::vector<Wanted> wanted;
    for (InstanceSet& set : *sets) {
      auto service = get_service(tx, Scope::platform(), set.service_id);
      if (!service) return fail(std::move(service).error());
      // They come project by project.
      if (!wanted.empty() && wanted.back().project.id == set.project_id) {
        wanted.push_back({wanted.back().project, std::move(*service), std::move(set)});
        continue;
      }
      auto project = get_project(tx, Scope::platform(), set.project_id);
      if (!project) return fail(std::move(project).error());
      wanted.push_back({std::move(*project), std::move(*service), std::move(set)});
    }
    return wanted;
  });
}

Task<Status> ServiceReconciler::reconcile() {
  // The engine first: a set created in between is then missing from `existing` only, never the
  // other way round, so that nothing new is taken for an orphan.
  auto existing = co_await engine_.list_services({.labels = names_.ours()}, kEngineLimit);
  if (!existing) co_return fail(std::move(existing).error());
  auto tasks = co_await engine_.list_tasks({.labels = names_.ours()}, kEngineLimit);
  if (!tasks) co_return fail(std::move(tasks).error());
  world_.set_tasks(std::move(*tasks));
  auto wanted = co_await read_wanted();
  if (!wanted) co_return fail(std::move(wanted).error());

  auto nodes = co_await store_.read([](const Tx& tx) { return list_nodes(tx, Scope::platform()); });
  if (!nodes) co_return fail(std::move(nodes).error());
  const bool sees_all = world_.knows_all(*nodes);

  std::map<std::string, const engine::ServiceInfo*> by_set;
  for (const engine::ServiceInfo& info : *existing) {
    if (of_instances(info.spec.labels))
      by_set[engine::label(info.spec.labels, "croft.set")] = &info;
  }
  Status first;
  std::set<std::string> sets;
  for (const Wanted& one : *wanted) {
    sets.insert(one.set.id.str());
    const auto it = by_set.find(one.set.id.str());
    Status status = co_await converge(one, it == by_set.end() ? nullptr : it->second, sees_all);
    if (!status && first) first = std::move(status);  // one set's trouble does not hold up others
  }
  Status orphans = co_await remove_orphans(*existing, sets);
  co_return first ? orphans : first;
}

Task<Status> ServiceReconciler::converge(const Wanted& wanted, const engine::ServiceInfo* existing,
                                         bool sees_all) {
  if (wanted.set.state == InstanceSetState::kRemoving) {
    auto gone = co_await remove(wanted, existing, sees_all);
    if (!gone) co_return fail(std::move(gone).error());
    if (!*gone) co_return Status{};
    const InstanceSetId id = wanted.set.id;
    co_return co_await store_.write(
        [id](Tx& tx) { return delete_instance_set(tx, Scope::platform(), id); });
  }
  if (existing == nullptr) co_return co_await create(wanted);
  const auto replicas = static_cast<std::uint64_t>(wanted.set.containers);
  if (existing->spec.replicas == replicas) co_return Status{};
  engine::ServiceSpec spec = existing->spec;
  spec.replicas = replicas;
  co_return co_await engine_.update_service(existing->id, existing->version, spec, kEngineLimit);
}

Task<Status> ServiceReconciler::create(const Wanted& wanted) {
  const InstanceSetId id = wanted.set.id;
  auto config = co_await store_.read(
      [&id](const Tx& tx) { return instance_set_init_config(tx, Scope::platform(), id); });
  if (!config && config.error().code() == ErrorCode::kNotFound) co_return Status{};  // gone by now
  if (!config) co_return fail(std::move(config).error());
  auto init = from_json_text<InitConfig>(config->reveal());
  if (!init) co_return fail(std::move(init).error());
  auto type = catalog_.find(wanted.service.type, {});
  if (!type) co_return fail(std::move(type).error());
  auto machine = co_await engine_.info(kEngineLimit);
  if (!machine) co_return fail(std::move(machine).error());
  auto secret = co_await ensure_secret(wanted, *config);
  if (!secret) co_return fail(std::move(secret).error());

  SetRuntime runtime;
  runtime.role = is_managed(wanted.service.category) ? "managed" : "runtime";
  for (const catalog::DataVolume& volume : type->type->volumes) {
    runtime.volumes.push_back({.name = volume.name, .target = volume.path});
  }
  runtime.memory_bytes = type->type->memory_bytes;
  runtime.nano_cpus = cpu_limit(type->type->cpus, machine->cpus);
  const int n = wanted.project.network_number;
  const engine::ServiceSpec spec =
      set_service_spec(names_, wanted.project, wanted.service, wanted.set, *init, runtime,
                       {.id = *secret, .name = names_.set_secret(wanted.set)},
                       addresses_.gateway(n).v4.str(), addresses_.gateway(n).v6.str());
  auto created = co_await engine_.create_service(spec, kEngineLimit);
  if (!created && created.error().code() != ErrorCode::kConflict) {
    co_return fail(std::move(created).error());
  }
  log_info("created an instance set", {{"service", wanted.service.hostname},
                                       {"set", wanted.set.id.str()},
                                       {"containers", wanted.set.containers}});
  co_return Status{};
}

Task<Result<std::string>> ServiceReconciler::ensure_secret(const Wanted& wanted,
                                                           const Secret& init_config) {
  const std::string name = names_.set_secret(wanted.set);
  auto existing = co_await engine_.list_secrets({.names = {name}}, kEngineLimit);
  if (!existing) co_return fail(std::move(existing).error());
  if (!existing->empty()) co_return existing->front().id;
  const engine::Labels labels = names_.set_labels("secret", wanted.service, wanted.set);
  co_return co_await engine_.create_secret(name, labels, init_config, kEngineLimit);
}

Task<Result<bool>> ServiceReconciler::remove(const Wanted& wanted,
                                             const engine::ServiceInfo* existing, bool sees_all) {
  if (existing != nullptr) {
    Status removed = co_await engine_.remove_service(existing->id, kEngineLimit);
    if (!removed && removed.error().code() != ErrorCode::kNotFound) {
      co_return fail(std::move(removed).error());
    }
    co_return false;
  }
  // Still draining; or a node has not told yet what runs there.
  if (!sees_all || world_.running(wanted.set.id) > 0) co_return false;
  auto secrets =
      co_await engine_.list_secrets({.names = {names_.set_secret(wanted.set)}}, kEngineLimit);
  if (!secrets) co_return fail(std::move(secrets).error());
  for (const engine::FileInfo& secret : *secrets) {
    Status removed = co_await engine_.remove_secret(secret.id, kEngineLimit);
    // The swarm counts it as used for some seconds after the last container: nobody waits for that,
    // a later run takes it as an orphan.
    if (!removed && removed.error().code() != ErrorCode::kNotFound &&
        removed.error().code() != ErrorCode::kConflict) {
      co_return fail(std::move(removed).error());
    }
  }
  co_return true;
}

Task<Status> ServiceReconciler::remove_orphans(const std::vector<engine::ServiceInfo>& existing,
                                               const std::set<std::string>& sets) {
  for (const engine::ServiceInfo& info : existing) {
    if (!of_instances(info.spec.labels)) continue;
    if (sets.contains(engine::label(info.spec.labels, "croft.set"))) continue;
    log_warning("removing an orphan service", {{"service", info.spec.name}});
    Status removed = co_await engine_.remove_service(info.id, kEngineLimit);
    if (!removed && removed.error().code() != ErrorCode::kNotFound) co_return removed;
  }
  auto secrets = co_await engine_.list_secrets({.labels = names_.labels("secret")}, kEngineLimit);
  if (!secrets) co_return fail(std::move(secrets).error());
  for (const engine::FileInfo& secret : *secrets) {
    if (sets.contains(engine::label(secret.labels, "croft.set"))) continue;
    Status removed = co_await engine_.remove_secret(secret.id, kEngineLimit);
    // In use while the last task of its service ends: the next run takes it.
    if (!removed && removed.error().code() != ErrorCode::kNotFound &&
        removed.error().code() != ErrorCode::kConflict) {
      co_return removed;
    }
  }
  co_return Status{};
}

}  // namespace croft
