// What a core tells of itself.
#include "core/core.h"

namespace croft {

void Core::publish() {
  CoreObserved observed{.slot = options_.slot,
                        .revision = options_.revision,
                        .generation = applied_generation_,
                        .active = active_,
                        .role = desired_ ? role() : CoreRole::kFault,
                        .error = error_,
                        .refused_packets = counts_.refused,
                        .spoofed_packets = counts_.spoofed,
                        .connections = counts_.connections,
                        .rule_changes = rule_changes_,
                        .rule_changes_ms = rule_changes_took_.count()};
  observed.reason = error_.empty() ? pair_.reason() : error_;
  if (observed.role == CoreRole::kFault && observed.reason.empty()) {
    observed.reason = "it has not heard of all instances yet";
  }
  if (active_) observed.active_since_ms = pair_.active_since().ms;
  if (desired_) {
    observed.project_id = desired_->project_id;
    for (const CoreService& service : desired_->services) {
      for (const CoreInstance& instance : service.instances) {
        HealthState health = health_.health(instance.id);
        const auto placed = placed_.find(instance.id);
        observed.instances.push_back(
            {.id = instance.id,
             .state = health.state,
             .detail = std::move(health.detail),
             .in_rotation = placed != placed_.end() && placed->second.in_rotation});
      }
    }
  }
  observed_.publish(observed);
}

}  // namespace croft
