#include "plan/address_plan.h"

#include <fmt/format.h>

#include "base/check.h"

namespace croft {
namespace {

constexpr int kSegmentBits4 = 20;
constexpr int kSliceBits4 = 24;
constexpr int kUplinkBits4 = 16;
constexpr int kUplinkSliceBits4 = 20;
constexpr int kSliceBits6 = 80;

void check_network(int n, int first) {
  check(n >= first && n <= kMaxNetworkNumber, "network number out of range");
}
void check_node(int k) {
  check(k >= 1 && k <= kMaxNodeIndex, "node index out of range");
}

// The number-th range of `length` bits within `base`.
IpPrefix nth(const IpPrefix& base, int number, int length) {
  std::array<std::uint8_t, 16> bytes = base.address().bytes();
  // Added bit by bit: IPv6 ranges start above the 64 bits that plus() takes.
  int bit = length - 1;
  for (unsigned left = static_cast<unsigned>(number); left != 0; left >>= 1, --bit) {
    if ((left & 1) != 0) {
      bytes[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
    }
  }
  if (base.is_v6()) return {IpAddress::v6(bytes), length};
  std::uint32_t v4 = 0;
  for (std::size_t i = 0; i < 4; ++i) v4 = v4 << 8 | bytes[i];
  return {IpAddress::v4(v4), length};
}

// The only /16 of a pool that no project has.
IpPrefix last_of(const IpPrefix& pool) {
  return nth(pool, 63, kUplinkBits4);
}

}  // namespace

Result<AddressPlan> AddressPlan::create(std::string_view ula, std::string_view pool,
                                        std::string_view uplink) {
  const auto ula_prefix = IpPrefix::parse(ula);
  if (!ula_prefix || !ula_prefix->is_v6() || ula_prefix->length() != 48 ||
      ula_prefix->address().bytes()[0] != 0xfd) {
    return fail(ErrorCode::kInvalid,
                fmt::format("address plan: \"{}\" is not an IPv6 /48 within fd00::/8; set `ula` to "
                            "one such as fd12:3456:789a::/48",
                            ula));
  }
  const auto pool_prefix = IpPrefix::parse(pool);
  if (!pool_prefix || pool_prefix->is_v6() || pool_prefix->length() != 10) {
    return fail(ErrorCode::kInvalid,
                fmt::format("address plan: \"{}\" is not an IPv4 /10; set `pool` to one such as {}",
                            pool, kDefaultPool4));
  }
  if (pool_prefix->overlaps(*IpPrefix::parse(kServiceRange4))) {
    return fail(ErrorCode::kInvalid,
                fmt::format("address plan: pool {} overlaps the service addresses {}; choose "
                            "another pool, such as {}",
                            pool, kServiceRange4, kDefaultPool4));
  }
  const auto uplink_prefix = IpPrefix::parse(uplink);
  const bool good =
      uplink_prefix && !uplink_prefix->is_v6() && uplink_prefix->length() == kUplinkBits4 &&
      !uplink_prefix->overlaps(*IpPrefix::parse(kServiceRange4)) &&
      (!uplink_prefix->overlaps(*pool_prefix) || *uplink_prefix == last_of(*pool_prefix));
  if (!good) {
    return fail(ErrorCode::kInvalid,
                fmt::format("address plan: \"{}\" is not an IPv4 /16 outside of the pool {} and of "
                            "the service addresses {}; set `uplink` to one such as {}",
                            uplink, pool, kServiceRange4, last_of(*pool_prefix).str()));
  }
  return AddressPlan(*ula_prefix, *pool_prefix, *uplink_prefix);
}

IpPrefix AddressPlan::subnet6(int number, int length) const {
  const int at_64 = length == 63 ? number / 2 : number;
  return nth(ula_, at_64, length);
}

PrefixPair AddressPlan::segment(int n) const {
  check_network(n, 0);
  // The uplink is larger: a node may run a thousand cores.
  return {n == 0 ? uplink_ : nth(pool_, n, kSegmentBits4), subnet6(2 * n, 64)};
}

PrefixPair AddressPlan::slice(int n, int k) const {
  check_node(k);
  const PrefixPair whole = segment(n);
  return {nth(whole.v4, k, n == 0 ? kUplinkSliceBits4 : kSliceBits4),
          nth(whole.v6, k, kSliceBits6)};
}

AddressPair AddressPlan::gateway(int n) const {
  check_network(n, 1);
  const PrefixPair whole = segment(n);
  return {whole.v4.address().plus(1), whole.v6.address().plus(1)};
}

PrefixPair AddressPlan::service_range(int n) const {
  check_network(n, 1);
  return {*IpPrefix::parse(kServiceRange4), subnet6(2 * n + 1, 64)};
}

AddressPair AddressPlan::service(int n, int index) const {
  check(index >= 1 && index <= kMaxServiceIndex, "service index out of range");
  const PrefixPair range = service_range(n);
  const auto offset = static_cast<std::uint64_t>(index);
  return {range.v4.address().plus(offset), range.v6.address().plus(offset)};
}

AddressPair AddressPlan::node(int k) const {
  check_node(k);
  const PrefixPair uplink = segment(0);
  const auto offset = static_cast<std::uint64_t>(k);
  return {uplink.v4.address().plus(offset), uplink.v6.address().plus(0x10000 + offset)};
}

PrefixPair AddressPlan::node_range() const {
  const PrefixPair uplink = segment(0);
  return {IpPrefix(uplink.v4.address(), 28), IpPrefix(uplink.v6.address().plus(0x10000), 112)};
}

AddressPair AddressPlan::core_uplink(int n) const {
  check_network(n, 1);
  const PrefixPair uplink = segment(0);
  const auto offset = static_cast<std::uint64_t>(n);
  return {uplink.v4.address().plus(0x800 + offset), uplink.v6.address().plus(0x20000 + offset)};
}

std::array<IpAddress, 2> AddressPlan::core_pair4(int n) const {
  check_network(n, 1);
  const IpAddress base = segment(0).v4.address();
  const auto offset = static_cast<std::uint64_t>(n);
  return {base.plus(0x400 + offset), base.plus(0xc00 + offset)};
}

IpPrefix AddressPlan::project_route6(int n) const {
  check_network(n, 1);
  return subnet6(2 * n, 63);
}

CoreDesired core_addresses(const AddressPlan& plan, int n, int k) {
  CoreDesired d;
  const PrefixPair segment = plan.segment(n);
  const AddressPair gateway = plan.gateway(n);
  const PrefixPair services = plan.service_range(n);
  const PrefixPair uplink = plan.segment(0);
  const AddressPair floating = plan.core_uplink(n);
  const AddressPair node = plan.node(k);
  d.segment4 = segment.v4.str();
  d.segment6 = segment.v6.str();
  d.gateway4 = gateway.v4.str();
  d.gateway6 = gateway.v6.str();
  d.service_range4 = services.v4.str();
  d.service_range6 = services.v6.str();
  d.uplink4 = uplink.v4.str();
  d.uplink6 = uplink.v6.str();
  d.uplink_address4 = floating.v4.str();
  d.uplink_address6 = floating.v6.str();
  d.uplink_node4 = node.v4.str();
  d.uplink_node6 = node.v6.str();
  for (const IpAddress& own : plan.core_pair4(n)) d.pair4.push_back(own.str());
  d.edge_range4 = plan.node_range().v4.str();
  d.edge_range6 = plan.node_range().v6.str();
  d.denied4 = {plan.everything().v4.str(), uplink.v4.str()};
  d.denied6 = {plan.everything().v6.str()};
  return d;
}

std::uint32_t install_hash(std::string_view install_id) {
  std::uint32_t hash = 2166136261u;  // FNV-1a: stable over versions of croft and of the compiler
  for (const char c : install_id) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
  return hash;
}

std::string segment_device(std::string_view install_id, int n) {
  check_network(n, 0);
  return fmt::format("c{}v{}", install_id, n);
}

std::string uplink_child_device(std::string_view install_id) {
  return fmt::format("c{}u", install_id);
}

int segment_vni(std::string_view install_id, int n) {
  check_network(n, 0);
  const std::uint32_t hash = install_hash(install_id);
  // Folded to 14 bits, never zero: VNI 0 is not a valid network.
  const std::uint32_t folded = (hash ^ (hash >> 14) ^ (hash >> 28)) & 0x3fff;
  return static_cast<int>((folded == 0 ? 1 : folded) << 10) | n;
}

}  // namespace croft
