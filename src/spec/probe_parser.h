// Checks (readiness, health) and static routing rules from nodes to the model.
#pragma once

#include <optional>

#include "spec/app_model.h"
#include "spec/reader.h"

namespace croft::spec {

// nullopt after a complaint about the probe itself; exactly one of httpGet and exec is asked for.
std::optional<ReadinessCheck> read_readiness_check(const Field& field, Complaints& out);
std::optional<HealthCheck> read_health_check(const Field& field, Complaints& out);
Routing read_routing(const Field& field, Complaints& out);

}  // namespace croft::spec
