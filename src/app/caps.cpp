#include "app/caps.h"

#include <fmt/format.h>

#include <cmath>

#include "store/limits.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

std::string amount(std::int64_t value, bool bytes) {
  if (!bytes) return std::to_string(value);
  return value >= (1ll << 30) ? fmt::format("{:.1f} GiB", static_cast<double>(value) / (1 << 30))
                              : fmt::format("{} MiB", value >> 20);
}

struct Cap {
  std::string_view key;   // of `croft platform limits`
  std::string_view what;  // "containers"
  std::int64_t most = 0;
  std::int64_t wanted = 0;
  bool bytes = false;
  std::string_view relief;  // what the project's people can do
};

Status keep_within(const Tx& tx, const ProjectId& project, const Cap& cap) {
  if (cap.wanted <= cap.most) return {};
  const auto named = get_project(tx, Scope::platform(), project);
  if (!named) return fail(named.error());
  return fail(ErrorCode::kConflict,
              fmt::format("project {} may have {} {} at most, and this would make {}; {}, or ask "
                          "an owner for more (croft platform limits --set {}=N)",
                          named->name, amount(cap.most, cap.bytes), cap.what,
                          amount(cap.wanted, cap.bytes), cap.relief, cap.key));
}

}  // namespace

Status check_container_caps(const Tx& tx, const catalog::Catalog& catalog, const ProjectId& project,
                            const ServiceId& scaled, std::int64_t containers) {
  const auto limits = read_limits(tx);
  if (!limits) return fail(limits.error());
  const auto services = list_services(tx, Scope::platform(), project);
  if (!services) return fail(services.error());
  std::int64_t count = 0;
  std::int64_t memory = 0;
  double cpus = 0;
  for (const Service& service : *services) {
    if (service.status == ServiceStatus::kDeleting) continue;
    const std::int64_t own = service.id == scaled ? containers : service.containers;
    const auto type = catalog.find(service.type, {.nearest = true});
    count += own;
    // A type that left the catalog since: nothing is known but that it runs.
    memory += type ? own * type->type->memory_bytes : 0;
    cpus += type ? static_cast<double>(own) * type->type->cpus : 0;
  }
  constexpr std::string_view kRelief = "scale or delete services first";
  const ProjectCaps& caps = limits->project;
  CROFT_TRY(keep_within(tx, project,
                        {"containers", "containers", caps.containers, count, false, kRelief}));
  CROFT_TRY(keep_within(
      tx, project,
      {"cpus", "CPUs", caps.cpus, static_cast<std::int64_t>(std::ceil(cpus)), false, kRelief}));
  return keep_within(tx, project,
                     {"memory_bytes", "of memory", caps.memory_bytes, memory, true, kRelief});
}

Status check_build_cap(const Tx& tx, const ProjectId& project) {
  const auto limits = read_limits(tx);
  if (!limits) return fail(limits.error());
  const auto builds = project_builds(tx, Scope::platform(), project);
  if (!builds) return fail(builds.error());
  return keep_within(tx, project,
                     {"builds", "deployments at once", limits->project.builds, *builds + 1, false,
                      "wait for one to end (croft process list)"});
}

Status check_disk_cap(const Tx& tx, const ProjectId& project, std::int64_t more) {
  const auto limits = read_limits(tx);
  if (!limits) return fail(limits.error());
  const auto used = project_disk_bytes(tx, Scope::platform(), project);
  if (!used) return fail(used.error());
  return keep_within(tx, project,
                     {"disk_bytes", "of uploads and bundles", limits->project.disk_bytes,
                      *used + more, true, "deploy less (.deployignore), delete unused services"});
}

}  // namespace croft
