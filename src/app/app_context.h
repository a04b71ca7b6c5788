// What use cases work with. One per program; outlives every call.
#pragma once

#include <functional>
#include <optional>

#include "app/environment.h"
#include "catalog/catalog.h"
#include "store/store.h"

namespace croft {

struct AppContext {
  Store& store;
  const catalog::Catalog& catalog;
  Clock& clock;
  Random& random;
  PlatformAddress platform;
  std::function<void()> wake;                    // desired state or the process queue changed
  std::function<void(const ProcessId&)> cancel;  // its row says canceling
  // Instances of a service in rotation now; null: unknown, shown as 0.
  std::function<int(const ServiceId&)> ready_containers = nullptr;
  // When the agent of a node last reported; null: unknown, and so is every node's state.
  std::function<std::optional<Timestamp>(const NodeId&)> node_seen = nullptr;
};

}  // namespace croft
