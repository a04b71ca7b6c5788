// CoreNetwork on the network namespace the process runs in.
#pragma once

#include "network/core_network.h"

namespace croft {

class LinuxCoreNetwork final : public CoreNetwork {
 public:
  Result<CoreInterfaces> find_interfaces(const CoreDesired& desired) override;
  Status check_settings() override;
  Status prepare_interfaces(const CoreDesired& desired, const CoreInterfaces& interfaces,
                            const PairAddresses& pair) override;
  Result<bool> holds_addresses(const CoreDesired& desired,
                               const CoreInterfaces& interfaces) override;
  Status announce(const CoreDesired& desired, const CoreInterfaces& interfaces) override;
  Result<bool> has_ruleset() override;
  Status apply_ruleset(const std::string& script) override;
  Result<CoreCounts> counts() override;
  Status forget_connections(const std::vector<std::string>& addresses) override;
  Status exchange_connections(const std::string& config_file, bool active) override;
};

}  // namespace croft
