#include "daemon/stopped_containers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "store/audit.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

constexpr Millis kPeriod{60'000};

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
  std::vector<ObservedContainer> stopped;
  for (const auto& [id, node] : world_.nodes()) {
    std::copy_if(node.containers.begin(), node.containers.end(), std::back_inserter(stopped),
                 [](const ObservedContainer& one) { return one.disk_full; });
  }
  std::set<std::string> present;
  for (const ObservedContainer& container : stopped) {
    present.insert(container.id);
    if (seen_.contains(container.id)) continue;
    auto whose = co_await note(container);
    if (!whose) {  // tried again at the next look
      log_warning("a stopped container was not audited", {{"error", whose.error().describe()}});
      continue;
    }
    seen_.insert(container.id);
    ++count_;
    recent_.emplace_back(std::move(*whose), clock_.steady());
  }
  std::erase_if(seen_, [&present](const std::string& id) { return !present.contains(id); });
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
         .action = "container.stop",
         .project_id = project ? project->id : ProjectId(),
         .object = fmt::format("{} {}: container {}", build ? "build of" : "service", whose,
                               container.id.substr(0, 12)),
         .reason = "it had written more than container_disk_bytes (croft platform limits)"}));
    return whose;
  });
}

std::vector<std::string> StoppedContainers::recent() const {
  std::set<std::string> services;
  for (const auto& [service, at] : recent_) {
    if (clock_.steady() - at < kStoppedShown) services.insert(service);
  }
  return {services.begin(), services.end()};
}

}  // namespace croft
