#include "network/linux/announcement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace croft {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kIpv6Header = 40;
constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint8_t kAdvertisement = 136;

void put(std::string& out, std::initializer_list<int> bytes) {
  for (const int b : bytes) out.push_back(static_cast<char>(b));
}
void put(std::string& out, const MacAddress& mac) {
  for (const auto b : mac) out.push_back(static_cast<char>(b));
}
void put(std::string& out, const IpAddress& address) {
  out.append(reinterpret_cast<const char*>(address.bytes().data()),
             static_cast<std::size_t>(address.bits() / 8));
}

std::uint8_t byte_at(std::string_view data, std::size_t i) {
  return static_cast<std::uint8_t>(data[i]);
}
MacAddress mac_at(std::string_view data, std::size_t at) {
  MacAddress mac;
  for (std::size_t i = 0; i < mac.size(); ++i) mac[i] = byte_at(data, at + i);
  return mac;
}

// RFC 1071, over the pseudo header (RFC 8200, 8.1) and the message.
std::uint16_t icmpv6_checksum(const std::string& addresses, const std::string& message) {
  std::string all = addresses;
  put(all, {0, 0, 0, static_cast<int>(message.size()), 0, 0, 0, kIcmpv6});
  all += message;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    sum += static_cast<std::uint32_t>(byte_at(all, i) << 8 | byte_at(all, i + 1));
  }
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::optional<AddressClaim> read_arp(std::string_view frame) {
  constexpr std::size_t kLength = kEthernetHeader + 28;
  if (frame.size() < kLength) return {};
  std::uint32_t sender = 0;
  for (std::size_t i = 0; i < 4; ++i) sender = sender << 8 | byte_at(frame, 28 + i);
  if (sender == 0) return {};  // a probe claims nothing
  return AddressClaim{IpAddress::v4(sender), mac_at(frame, 22)};
}

std::optional<AddressClaim> read_advertisement(std::string_view frame) {
  constexpr std::size_t kMessage = kEthernetHeader + kIpv6Header;
  if (frame.size() < kMessage + 24) return {};
  if (byte_at(frame, kEthernetHeader + 6) != kIcmpv6) return {};
  if (byte_at(frame, kMessage) != kAdvertisement) return {};
  std::array<std::uint8_t, 16> target;
  for (std::size_t i = 0; i < 16; ++i) target[i] = byte_at(frame, kMessage + 8 + i);
  const bool has_mac = frame.size() >= kMessage + 32 && byte_at(frame, kMessage + 24) == 2;
  return AddressClaim{IpAddress::v6(target), mac_at(frame, has_mac ? kMessage + 26 : 6)};
}

}  // namespace

std::string gratuitous_arp(const MacAddress& mac, const IpAddress& v4, bool reply) {
  std::string frame(6, '\xff');
  put(frame, mac);
  put(frame, {0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, reply ? 2 : 1});
  put(frame, mac);
  put(frame, v4);
  if (reply) {
    frame.append(6, '\xff');
  } else {
    frame.append(6, '\0');
  }
  put(frame, v4);
  return frame;
}

std::string unsolicited_advertisement(const MacAddress& mac, const IpAddress& v6) {
  const IpAddress all_nodes = *IpAddress::parse("ff02::1");
  std::string addresses;
  put(addresses, v6);
  put(addresses, all_nodes);
  // Router flag (it forwards) and override flag; not solicited.
  std::string message;
  put(message, {kAdvertisement, 0, 0, 0, 0xa0, 0, 0, 0});
  put(message, v6);
  put(message, {2, 1});
  put(message, mac);
  const std::uint16_t checksum = icmpv6_checksum(addresses, message);
  message[2] = static_cast<char>(checksum >> 8);
  message[3] = static_cast<char>(checksum & 0xff);

  std::string frame;
  put(frame, {0x33, 0x33, 0, 0, 0, 1});
  put(frame, mac);
  put(frame, {0x86, 0xdd, 0x60, 0, 0, 0, 0, static_cast<int>(message.size()), kIcmpv6, 255});
  return frame + addresses + message;
}

std::optional<AddressClaim> read_claim(std::string_view frame) {
  if (frame.size() < kEthernetHeader) return {};
  const int type = byte_at(frame, 12) << 8 | byte_at(frame, 13);
  if (type == 0x0806) return read_arp(frame);
  if (type == 0x86dd) return read_advertisement(frame);
  return {};
}

std::string to_string(const MacAddress& mac) {
  return fmt::format("{:02x}", fmt::join(mac, ":"));
}

}  // namespace croft
