#include "node/path_priority.h"

#include "base/log.h"
#include "model/cpu_shares.h"

namespace croft::node {
namespace {

constexpr Millis kEngineLimit{10'000};

bool carries_traffic(const ObservedContainer& container) {
  return container.running && (container.role == "core" || container.role == "edge");
}

}  // namespace

PathPriority::PathPriority(engine::ContainerEngine& engine) : engine_(engine) {}

Task<void> PathPriority::apply(std::vector<ObservedContainer> containers) {
  std::set<std::string> present;
  for (const ObservedContainer& container : containers) {
    if (!carries_traffic(container)) continue;
    present.insert(container.id);
    if (raised_.contains(container.id)) continue;
    auto done = co_await engine_.update_container(container.id, {.cpu_shares = kPathCpuShares},
                                                  kEngineLimit);
    if (done) {
      raised_.insert(container.id);
    } else if (done.error().code() != ErrorCode::kNotFound &&
               refused_.insert(container.id).second) {
      log_warning("a container of the data path has no priority on the CPU",
                  {{"container", container.id}, {"error", done.error().describe()}});
    }
  }
  const auto gone = [&present](const std::string& id) { return !present.contains(id); };
  std::erase_if(raised_, gone);
  std::erase_if(refused_, gone);
}

}  // namespace croft::node
