#include "daemon/core_status.h"

#include <fmt/format.h>

#include "plan/core_replacement.h"

namespace croft {
namespace {

std::string sentence(const char* slot, const CoreObserved* core, const CoreObserved* active) {
  if (core == nullptr) return fmt::format("{} is not running", slot);
  if (!core->error.empty()) return fmt::format("{}: {}", slot, core->error);
  if (core->role == CoreRole::kFault) return fmt::format("{}: {}", slot, core->reason);
  // It was frozen, and has not been heard since.
  if (core->active && core != active) return fmt::format("{} does not answer", slot);
  const char* role = core->role == CoreRole::kActive ? "active" : "standby";
  if (!core->reason.empty()) return fmt::format("{} is {}, but {}", slot, role, core->reason);
  return fmt::format("{} is {}", slot, role);
}

}  // namespace

ComponentStatus core_status(const World& world, const Project& project) {
  ComponentStatus status{.name = "core " + project.name, .status = "ok"};
  const CoreObserved* active = world.active_core(project.id);
  bool whole = true;
  for (const char* slot : kCoreSlots) {
    const CoreObserved* core = world.core(project.id, slot);
    whole = whole && is_good(core) && core->reason.empty() && (!core->active || core == active);
    status.detail += (status.detail.empty() ? "" : "; ") + sentence(slot, core, active);
  }
  if (active == nullptr || !active->error.empty()) {
    status.status = "down";
  } else if (!whole) {
    status.status = "degraded";
  }
  if (status.status != "ok") status.fix = "see the containers with label croft.role=core";
  return status;
}

}  // namespace croft
