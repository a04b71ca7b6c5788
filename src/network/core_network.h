// The network namespace of a project's core, as croft-core sees it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/core_state.h"
#include "plan/core_pair.h"
#include "plan/ruleset.h"

namespace croft {

struct CoreCounts {
  // Packets of instances that the rules refused, since the rules were replaced: to where no
  // instance may go, and with an address that is not theirs.
  std::int64_t refused = 0;
  std::int64_t spoofed = 0;
  std::int64_t connections = 0;  // that the kernel follows in this namespace
};

// Calls block: run them on a pool. Each is idempotent and may be cut off at any instant.
class CoreNetwork {
 public:
  virtual ~CoreNetwork() = default;

  // The interfaces whose own (Docker-given) address lies in the segment and in the uplink range.
  // kNotFound names the one that is missing.
  virtual Result<CoreInterfaces> find_interfaces(const CoreDesired& desired) = 0;

  // kFailed names the kernel setting that has the wrong value: croft-core cannot change it, the
  // container's specification does.
  virtual Status check_settings() = 0;

  // What a core needs in either role: its own address of `pair` on the uplink, which is also the
  // source of what it tells its partner, and the default routes to the node. Tells the uplink where
  // that address is.
  virtual Status prepare_interfaces(const CoreDesired& desired, const CoreInterfaces& interfaces,
                                    const PairAddresses& pair) = 0;
  // Whether the gateway and floating uplink addresses are here, where keepalived puts them.
  virtual Result<bool> holds_addresses(const CoreDesired& desired,
                                       const CoreInterfaces& interfaces) = 0;
  // Tells both segments that the addresses are here: gratuitous ARP as request and as reply, and
  // unsolicited neighbour advertisements.
  virtual Status announce(const CoreDesired& desired, const CoreInterfaces& interfaces) = 0;

  // Whether a ruleset of croft's is in the kernel, from an earlier run.
  virtual Result<bool> has_ruleset() = 0;
  // One transaction: all of the script or nothing.
  virtual Status apply_ruleset(const std::string& script) = 0;
  virtual Result<CoreCounts> counts() = 0;
  // Drops the translations of connections to instances that are gone, so that their clients get an
  // answer from the kernel instead of silence. Other connections are not touched.
  virtual Status forget_connections(const std::vector<std::string>& addresses) = 0;
  // Has the running conntrackd of that configuration file give the partner all connections of the
  // kernel (the active core), or ask for the partner's (the standby).
  virtual Status exchange_connections(const std::string& config_file, bool active) = 0;
};

}  // namespace croft
