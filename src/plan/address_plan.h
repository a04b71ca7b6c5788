// Every address of an installation, from its ULA /48, its IPv4 pool and small numbers
// (docs/architecture.md, "Addresses").
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"
#include "model/core_state.h"
#include "model/network_number.h"

namespace croft {

inline constexpr int kMaxNodeIndex = 15;        // nodes use 1..this
inline constexpr int kMaxServiceIndex = 65534;  // services use 1..this
// What an installation has that never chose (address_choice.h): its uplink is the pool's last /16.
inline constexpr std::string_view kDefaultPool4 = "10.64.0.0/10";
inline constexpr std::string_view kDefaultUplink4 = "10.127.0.0/16";
// The same in every project: it never leaves a core.
inline constexpr std::string_view kServiceRange4 = "100.64.0.0/16";

struct AddressPair {
  IpAddress v4;
  IpAddress v6;
  bool operator==(const AddressPair&) const = default;
};

struct PrefixPair {
  IpPrefix v4;
  IpPrefix v6;
  bool operator==(const PrefixPair&) const = default;
};

// Network numbers n: 0 = uplink, 1..kMaxNetworkNumber = a project. Node indexes k: 1..15. Numbers
// out of range are our own bug: the caller allots them within the limits above.
class AddressPlan {
 public:
  // `ula` is a /48 within fd00::/8; `pool` an IPv4 /10; `uplink` an IPv4 /16 outside of it, or its
  // last one. kInvalid otherwise.
  static Result<AddressPlan> create(std::string_view ula, std::string_view pool = kDefaultPool4,
                                    std::string_view uplink = kDefaultUplink4);

  // Where the machines of network n live: a /20 and a /64; for the uplink a /16 and a /64.
  PrefixPair segment(int n) const;
  // What Docker of node k hands out of it. Holds no gateway, node or floating address.
  PrefixPair slice(int n, int k) const;
  // n >= 1: held by the active core. n = 0: what Docker is told for the uplink of node k is the
  // node itself, see node().
  AddressPair gateway(int n) const;

  // Off-link, DNATed by the core. `index` in 1..65534.
  PrefixPair service_range(int n) const;
  AddressPair service(int n, int index) const;

  // On the uplink: the node itself, and the range of all nodes (edges are there).
  AddressPair node(int k) const;
  PrefixPair node_range() const;
  // On the uplink: held by the active core of project n.
  AddressPair core_uplink(int n) const;
  // On the uplink: what the cores of project n are called among each other, slot 0 and slot 1.
  std::array<IpAddress, 2> core_pair4(int n) const;
  // What a node routes to core_uplink(n): segment and service range of the project, one /63.
  IpPrefix project_route6(int n) const;
  // Holds every address of the installation but those of IPv4 of services and of the uplink.
  PrefixPair everything() const { return {pool_, ula_}; }

 private:
  AddressPlan(const IpPrefix& ula, const IpPrefix& pool, const IpPrefix& uplink)
      : ula_(ula), pool_(pool), uplink_(uplink) {}
  IpPrefix subnet6(int number, int length) const;

  IpPrefix ula_;
  IpPrefix pool_;
  IpPrefix uplink_;
};

// The address fields of what the core of project n on node k is told; denied4/6 hold the whole
// installation. The caller adds the host's own addresses, resolvers and services.
CoreDesired core_addresses(const AddressPlan& plan, int n, int k);

// The same for an id in every version of croft: what is derived from it stays.
std::uint32_t install_hash(std::string_view install_id);

// "cab12cdv7": the VXLAN device of network n; install_id has six characters.
std::string segment_device(std::string_view install_id, int n);
// "cab12cdu": the node's own macvlan child on the uplink.
std::string uplink_child_device(std::string_view install_id);
// 24 bits: 14 of the installation, so that two on one machine do not meet, and 10 of n.
int segment_vni(std::string_view install_id, int n);

}  // namespace croft
