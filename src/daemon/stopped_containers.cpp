#include "daemon/stopped_containers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "store/audit.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

constexpr Millis kPeriod{60'000};
constexpr std::string_view kFrozenKey = "frozen ";

// A container that was frozen may be stopped later.
std::string key_of(const ObservedContainer& container) {
  return (container.disk_full ? "" : std::string(kFrozenKey)) + container.id;
}

}  // namespace

StoppedContainers::StoppedContainers(Store& store, World& world, Clock& clock)
    : store_(store), world_(world), clock_(clock) {}

Task<void> StoppedContainers::watch() {
  for (;;) {
    const std::uint64_t version = world_.changed().version();
    co_await look();
    co_await world_.changed().wait_past(version, kPeriod);
  }
}

Task<void> StoppedContainers::look() {
  std::vector<ObservedContainer> full;
  for (const auto& [id, node] : world_.nodes()) {
    std::copy_if(node.containers.begin(), node.containers.end(), std::back_inserter(full),
                 [](const ObservedContainer& one) { return one.disk_full || one.volume_full; });
  }
  std::set<std::string> present;
  for (const ObservedContainer& container : full) {
    const std::string key = key_of(container);
    present.insert(key);
    if (seen_.contains(key)) continue;
    auto whose = co_await note(container);
    if (!whose) {  // tried again at the next look
      log_warning("a stopped container was not audited", {{"error", whose.error().describe()}});
      continue;
    }
    if (container.disk_full) {
      ++stopped_;
      recent_.emplace_back(*whose, clock_.steady());
    } else {
      ++frozen_;
    }
    seen_.emplace(key, std::move(*whose));
  }
  std::erase_if(seen_, [&present](const auto& one) { return !present.contains(one.first); });
  std::erase_if(recent_, [now = clock_.steady()](const auto& one) {
    return now - one.second >= kStoppedShown;
  });
}

// The service as project/service.
Task<Result<std::string>> StoppedContainers::note(ObservedContainer container) {
  co_return co_await store_.write([&container](Tx& tx) -> Result<std::string> {
    const auto project = get_project(tx, Scope::platform(), container.project_id);
    const auto service = get_service(tx, Scope::platform(), container.service_id);
    const std::string whose = fmt::format("{}/{}", project ? project->name : "a deleted project",
                                          service ? service->hostname : container.service_id.str());
    const bool build = container.role == "build";
    CROFT_TRY(append_audit(
        tx, Scope::platform(),
        {.actor = "croft",
         .action = container.disk_full ? "container.stop" : "container.freeze",
         .project_id = project ? project->id : ProjectId(),
         .object = fmt::format("{} {}: container {}", build ? "build of" : "service", whose,
                               container.id.substr(0, 12)),
         .reason = container.disk_full
                       ? "it had written more than container_disk_bytes (croft platform limits)"
                       : "its volumes hold more than volume_bytes (croft platform limits)"}));
    return whose;
  });
}

std::vector<std::string> StoppedContainers::frozen_now() const {
  std::set<std::string> services;
  for (const auto& [key, whose] : seen_) {
    if (key.starts_with(kFrozenKey)) services.insert(whose);
  }
  return {services.begin(), services.end()};
}

std::vector<std::string> StoppedContainers::recent() const {
  std::set<std::string> services;
  for (const auto& [service, at] : recent_) {
    if (clock_.steady() - at < kStoppedShown) services.insert(service);
  }
  return {services.begin(), services.end()};
}

}  // namespace croft
