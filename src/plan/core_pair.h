// What the two cores of a project run besides croft-core, so that one takes over from the other:
// keepalived (who holds the addresses), conntrackd (each knows the other's connections), and a
// small table that keeps a core which was frozen from claiming what its partner has taken.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/core_state.h"
#include "plan/ruleset.h"

namespace croft {

inline constexpr std::string_view kPairTable = "netdev croft_pair";
// UDP, between the pair's own addresses on the uplink.
inline constexpr std::uint16_t kPairSyncPort = 3780;
inline constexpr std::uint16_t kPairTalkPort = 3781;  // how each is
// IP protocol of VRRP (RFC 5798).
inline constexpr int kVrrpNumber = 112;

// Files of one core, in its run directory.
inline constexpr const char* kKeepalivedFile = "keepalived.conf";
inline constexpr const char* kKeepalivedPidFile = "keepalived.pid";
inline constexpr const char* kVrrpPidFile = "vrrp.pid";
inline constexpr const char* kConntrackdFile = "conntrackd.conf";
inline constexpr const char* kConntrackdSocket = "conntrackd.ctl";
inline constexpr const char* kConntrackdLock = "conntrackd.lock";

// Own and partner's addresses in CoreDesired::pair4.
struct PairAddresses {
  std::string own;
  std::string partner;
};
// kInvalid when `slot` is none of kCoreSlots or pair4 does not hold two IPv4 addresses, which is so
// while the agent is of an older croft.
Result<PairAddresses> pair_addresses(const CoreDesired& desired, std::string_view slot);

struct PairConfig {
  std::string keepalived;
  std::string conntrackd;
  std::string table;  // for nft, replaces kPairTable
};

// `run_dir`: absolute, of the container's own. kInvalid names what is no address or interface:
// nothing unchecked gets into a configuration.
Result<PairConfig> render_pair(const CoreDesired& desired, const CoreInterfaces& interfaces,
                               std::string_view slot, std::string_view run_dir);

}  // namespace croft
