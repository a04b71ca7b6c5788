#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace croft {

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress a;
  for (std::size_t i = 0; i < 4; ++i) {
    a.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  }
  return a;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
  IpAddress a;
  a.v6_ = true;
  a.bytes_ = bytes;
  return a;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string zero_ended(text);
  IpAddress a;
  a.v6_ = text.find(':') != std::string_view::npos;
  const int family = a.v6_ ? AF_INET6 : AF_INET;
  if (zero_ended.size() != text.size() || text.find('\0') != std::string_view::npos) return {};
  if (::inet_pton(family, zero_ended.c_str(), a.bytes_.data()) != 1) return {};
  return a;
}

std::uint32_t IpAddress::as_v4() const {
  check(!v6_, "IpAddress::as_v4 of an IPv6 address");
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | bytes_[i];
  return value;
}

std::string IpAddress::str() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(v6_ ? AF_INET6 : AF_INET, bytes_.data(), buffer, sizeof buffer);
  return buffer;
}

IpAddress IpAddress::masked(int length) const {
  IpAddress a = *this;
  for (int i = 0; i < bits() / 8; ++i) {
    const int kept = std::clamp(length - 8 * i, 0, 8);
    a.bytes_[static_cast<std::size_t>(i)] &= static_cast<std::uint8_t>(0xff00 >> kept);
  }
  return a;
}

IpAddress IpAddress::plus(std::uint64_t offset) const {
  IpAddress a = *this;
  std::uint64_t carry = offset;
  for (int i = bits() / 8 - 1; i >= 0 && carry != 0; --i) {
    auto& byte = a.bytes_[static_cast<std::size_t>(i)];
    const std::uint64_t sum = byte + (carry & 0xff);
    byte = static_cast<std::uint8_t>(sum);
    carry = (carry >> 8) + (sum >> 8);
  }
  return a;
}

IpPrefix::IpPrefix(const IpAddress& address, int length)
    : address_(address.masked(length)), length_(length) {
  check(length >= 0 && length <= address.bits(), "prefix length out of range");
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return {};
  if (slash == std::string_view::npos) return IpPrefix(*address, address->bits());
  const std::string_view digits = text.substr(slash + 1);
  int length = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size()) return {};
  if (length < 0 || length > address->bits() || address->masked(length) != *address) return {};
  return IpPrefix(*address, length);
}

std::string IpPrefix::str() const {
  return address_.str() + "/" + std::to_string(length_);
}

bool IpPrefix::contains(const IpAddress& address) const {
  return address.is_v6() == is_v6() && address.masked(length_) == address_;
}

bool IpPrefix::contains(const IpPrefix& other) const {
  return other.length_ >= length_ && contains(other.address_);
}

}  // namespace croft
