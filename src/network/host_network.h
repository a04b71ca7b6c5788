// The network of the machine that croft-node runs on.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "plan/host_plan.h"

namespace croft {

// Kernel settings as they were before croft changed them: name → value.
using KernelSettings = std::map<std::string, std::string>;

// Calls block: run them on a pool. Each is idempotent and may be cut off at any instant.
class HostNetwork {
 public:
  virtual ~HostNetwork() = default;

  // This installation's devices and routes, and the machine's default interfaces.
  virtual Result<HostState> observe(const std::string& install_id) = 0;
  virtual Status apply(const HostPlan& plan) = 0;

  // The settings that stand in the way of forwarding, with their values now; empty when none does.
  // Keep them before enable_forwarding(): a crash in between must not lose what was there.
  virtual Result<KernelSettings> settings_in_the_way() = 0;
  // Turns on forwarding, and keeps router advertisements heard where they were.
  virtual Status enable_forwarding() = 0;
  virtual Status restore_settings(const KernelSettings& before) = 0;

  // Replaces the installation's table (render_host_ruleset()); one transaction.
  virtual Status apply_ruleset(const std::string& script) = 0;
  virtual Result<bool> has_ruleset(const std::string& install_id) = 0;
  virtual Status remove_ruleset(const std::string& install_id) = 0;

  // Docker sets FORWARD to drop; where it offers its DOCKER-USER chain, croft's uplink is let
  // through there. `child` is the uplink interface. Nothing happens where there is no such chain.
  virtual Status open_docker_firewall(const std::string& install_id, const std::string& child) = 0;
  virtual Status close_docker_firewall(const std::string& install_id, const std::string& child) = 0;
};

}  // namespace croft
