// IP addresses and prefixes as values, of both families.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace croft {

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);
  // The usual text forms, without zone or prefix length; nullopt for anything else.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v6() const { return v6_; }
  int bits() const { return v6_ ? 128 : 32; }
  std::uint32_t as_v4() const;  // host order; only when !is_v6()
  // Network order; an IPv4 address fills the first four.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  // Canonical text (RFC 5952 for IPv6).
  std::string str() const;
  // Every bit after the first `length` cleared.
  IpAddress masked(int length) const;
  // This address plus `offset`, carrying into higher bytes; wraps at the end of the family.
  IpAddress plus(std::uint64_t offset) const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  bool v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
};

// A range of addresses that share their first `length` bits.
class IpPrefix {
 public:
  IpPrefix() = default;  // 0.0.0.0/0
  // `length` in 0..address.bits(); host bits are cleared.
  IpPrefix(const IpAddress& address, int length);
  // "10.64.0.0/20" or "fd00::/48"; a bare address is the range of itself. Host bits must be clear.
  static std::optional<IpPrefix> parse(std::string_view text);

  const IpAddress& address() const { return address_; }
  int length() const { return length_; }
  bool is_v6() const { return address_.is_v6(); }
  std::string str() const;
  bool contains(const IpAddress& address) const;
  bool contains(const IpPrefix& other) const;
  bool overlaps(const IpPrefix& other) const { return contains(other) || other.contains(*this); }

  auto operator<=>(const IpPrefix&) const = default;

 private:
  IpAddress address_;
  int length_ = 0;
};

}  // namespace croft
