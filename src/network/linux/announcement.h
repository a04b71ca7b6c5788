// The frames by which a machine says "this address is at this MAC", and reading those of others.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace croft {

using MacAddress = std::array<std::uint8_t, 6>;

// Gratuitous ARP (RFC 5227) to everybody; as reply when `reply`, else as request. Some stacks
// learn from the one, some from the other.
std::string gratuitous_arp(const MacAddress& mac, const IpAddress& v4, bool reply);

// Unsolicited neighbour advertisement (RFC 4861, 4.4) with the override flag, to all nodes.
std::string unsolicited_advertisement(const MacAddress& mac, const IpAddress& v6);

// Who says in `frame` (an Ethernet frame) that it has an address: the address and the MAC that is
// claimed. nullopt when the frame says no such thing.
struct AddressClaim {
  IpAddress address;
  MacAddress mac{};
};
std::optional<AddressClaim> read_claim(std::string_view frame);

std::string to_string(const MacAddress& mac);

}  // namespace croft
