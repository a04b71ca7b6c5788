#include "plan/core_replacement.h"

namespace croft {

bool is_good(const CoreObserved* report) {
  return report != nullptr && report->role != CoreRole::kFault && report->error.empty();
}

std::optional<std::size_t> core_to_replace(const std::array<CoreSlot, 2>& slots,
                                           const std::string& revision, bool both_bad) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    if (!slots[i].outdated) continue;
    if (both_bad) return i;
    const CoreObserved* own = slots[i].report;
    const CoreObserved* other = slots[1 - i].report;
    if (!is_good(other)) continue;
    const bool serves = own != nullptr && own->active;
    // A report of the container that is being replaced says the old revision.
    const bool successor = other->role == CoreRole::kStandby && other->revision == revision;
    if (serves ? successor : other->active) return i;
  }
  return std::nullopt;
}

}  // namespace croft
