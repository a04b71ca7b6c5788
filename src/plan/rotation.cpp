#include "plan/rotation.h"

#include <algorithm>

namespace croft {
namespace {

bool is_ready(const RotationCandidate& c) {
  return c.duty == InstanceDuty::kServe && c.state == InstanceState::kReady;
}
bool is_last_resort(const RotationCandidate& c) {
  return c.duty == InstanceDuty::kServe && c.state == InstanceState::kUnhealthy;
}
bool stays(const RotationCandidate& c) {
  return is_last_resort(c) && c.in_rotation;
}

}  // namespace

std::vector<bool> choose_rotation(const std::vector<RotationCandidate>& candidates) {
  std::vector<bool> chosen(candidates.size(), false);
  for (const auto rule : {is_ready, stays, is_last_resort}) {
    std::transform(candidates.begin(), candidates.end(), chosen.begin(), rule);
    if (std::find(chosen.begin(), chosen.end(), true) != chosen.end()) break;
  }
  return chosen;
}

std::string choose_leader(const std::vector<RotationCandidate>& candidates,
                          const std::string& previous) {
  std::string first;
  for (const RotationCandidate& c : candidates) {
    if (!is_ready(c)) continue;
    if (c.id == previous) return previous;
    if (first.empty() || c.id < first) first = c.id;
  }
  return first;
}

}  // namespace croft
