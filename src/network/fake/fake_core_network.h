// CoreNetwork in memory: remembers what was done, and fails when told to.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "network/core_network.h"
#include "plan/core_pair.h"

namespace croft {

class FakeCoreNetwork final : public CoreNetwork {
 public:
  Result<CoreInterfaces> find_interfaces(const CoreDesired&) override {
    if (failure) return fail(*failure);
    return CoreInterfaces{.segment = "segment", .uplink = "uplink"};
  }
  Status check_settings() override { return settings; }
  Status prepare_interfaces(const CoreDesired&, const CoreInterfaces&,
                            const PairAddresses& pair) override {
    if (failure) return fail(*failure);
    own_address = pair.own;
    return {};
  }
  Result<bool> holds_addresses(const CoreDesired&, const CoreInterfaces&) override { return holds; }
  Status announce(const CoreDesired&, const CoreInterfaces&) override {
    ++announcements;
    return {};
  }
  Result<bool> has_ruleset() override { return ruleset_present; }
  Status apply_ruleset(const std::string& script) override {
    if (failure) return fail(*failure);
    if (script.starts_with(fmt::format("add table {}\n", kPairTable))) {
      pair_table = script;
      return {};
    }
    scripts.push_back(script);
    ruleset_present = true;
    return {};
  }
  Result<CoreCounts> counts() override {
    if (counted) return *counted;
    ruleset_present = ruleset_present && !rules_removed;
    return fail(ErrorCode::kNotFound, "there are no counters");
  }
  Status forget_connections(const std::vector<std::string>& addresses) override {
    forgotten.insert(forgotten.end(), addresses.begin(), addresses.end());
    return {};
  }

  Status exchange_connections(const std::string&, bool active) override {
    exchanged.push_back(active ? "gave" : "asked");
    return {};
  }

  std::optional<Error> failure;  // for calls that change something
  Status settings;
  std::optional<CoreCounts> counted = CoreCounts{};
  bool rules_removed = false;      // by somebody else, when they are to be counted
  std::atomic<bool> holds = true;  // read by the pool
  std::string own_address;
  std::string pair_table;
  std::vector<std::string> exchanged;
  bool ruleset_present = false;
  int announcements = 0;
  std::vector<std::string> scripts;
  std::vector<std::string> forgotten;
};

}  // namespace croft
