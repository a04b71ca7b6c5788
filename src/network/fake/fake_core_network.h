// CoreNetwork in memory: remembers what was done, and fails when told to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "network/core_network.h"

namespace croft {

class FakeCoreNetwork final : public CoreNetwork {
 public:
  Result<CoreInterfaces> find_interfaces(const CoreDesired&) override {
    if (failure) return fail(*failure);
    return CoreInterfaces{.segment = "segment", .uplink = "uplink"};
  }
  Status check_settings() override { return settings; }
  Result<bool> take_addresses(const CoreDesired&, const CoreInterfaces&) override {
    if (failure) return fail(*failure);
    return !std::exchange(holds_addresses, true);
  }
  Status release_addresses(const CoreDesired&, const CoreInterfaces&) override {
    holds_addresses = false;
    return {};
  }
  Status announce(const CoreDesired&, const CoreInterfaces&) override {
    ++announcements;
    return {};
  }
  Result<bool> has_ruleset() override { return ruleset_present; }
  Status apply_ruleset(const std::string& script) override {
    if (failure) return fail(*failure);
    scripts.push_back(script);
    ruleset_present = true;
    return {};
  }
  Result<RefusedPackets> refused_packets() override { return refused; }
  Status forget_connections(const std::vector<std::string>& addresses) override {
    forgotten.insert(forgotten.end(), addresses.begin(), addresses.end());
    return {};
  }

  std::optional<Error> failure;  // for calls that change something
  Status settings;
  RefusedPackets refused;
  bool holds_addresses = false;
  bool ruleset_present = false;
  int announcements = 0;
  std::vector<std::string> scripts;
  std::vector<std::string> forgotten;
};

}  // namespace croft
