// HostNetwork in memory. Plans are noted, not interpreted: tests set `state` themselves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "network/host_network.h"

namespace croft {

class FakeHostNetwork final : public HostNetwork {
 public:
  Result<HostState> observe(const std::string&) override {
    if (failure) return fail(*failure);
    return state;
  }
  Status apply(const HostPlan& plan) override {
    if (failure) return fail(*failure);
    if (!plan.empty()) plans.push_back(plan);
    return {};
  }
  Result<KernelSettings> settings_in_the_way() override {
    return forwarding ? KernelSettings{} : KernelSettings{{"ipv4/ip_forward", "0"}};
  }
  Status enable_forwarding() override {
    forwarding = true;
    return {};
  }
  Status restore_settings(const KernelSettings& before) override {
    forwarding = !before.contains("ipv4/ip_forward");
    return {};
  }
  Status apply_ruleset(const std::string& script) override {
    scripts.push_back(script);
    ruleset_present = true;
    return {};
  }
  Result<bool> has_ruleset(const std::string&) override { return ruleset_present; }
  Status remove_ruleset(const std::string&) override {
    ruleset_present = false;
    return {};
  }
  Status open_docker_firewall(const std::string&, const std::string&) override {
    docker_open = true;
    return {};
  }
  Status close_docker_firewall(const std::string&, const std::string&) override {
    docker_open = false;
    return {};
  }

  std::optional<Error> failure;
  HostState state;
  std::vector<HostPlan> plans;
  std::vector<std::string> scripts;
  bool forwarding = false;
  bool ruleset_present = false;
  bool docker_open = false;
};

}  // namespace croft
