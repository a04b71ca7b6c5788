// HostNetwork on the network namespace the process runs in.
#pragma once

#include "network/host_network.h"

namespace croft {

class LinuxHostNetwork final : public HostNetwork {
 public:
  Result<HostState> observe(const std::string& install_id) override;
  Status apply(const HostPlan& plan) override;
  Result<KernelSettings> settings_in_the_way() override;
  Status enable_forwarding() override;
  Status restore_settings(const KernelSettings& before) override;
  Status apply_ruleset(const std::string& script) override;
  Result<bool> has_ruleset(const std::string& install_id) override;
  Status remove_ruleset(const std::string& install_id) override;
  Status open_docker_firewall(const std::string& install_id, const std::string& child) override;
  Status close_docker_firewall(const std::string& install_id, const std::string& child) override;
};

}  // namespace croft
