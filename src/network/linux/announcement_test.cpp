#include "network/linux/announcement.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

constexpr MacAddress kMac = {0x02, 0x42, 0x0a, 0x40, 0x10, 0x01};

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int b : list) out.push_back(static_cast<char>(b));
  return out;
}

TEST(Announcement, GratuitousArpRequestByteForByte) {
  EXPECT_EQ(
      gratuitous_arp(kMac, *IpAddress::parse("10.64.16.1"), false),
      bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x42, 0x0a, 0x40, 0x10, 0x01, 0x08, 0x06,
             0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x42, 0x0a, 0x40, 0x10, 0x01,
             10,   64,   16,   1,    0,    0,    0,    0,    0,    0,    10,   64,   16,   1}));
}

TEST(Announcement, AdvertisementHasAValidChecksum) {
  const std::string frame = unsolicited_advertisement(kMac, *IpAddress::parse("fd00:0:0:2::1"));
  ASSERT_EQ(frame.size(), 14u + 40u + 32u);
  // Summing pseudo header and message with its checksum gives all ones (RFC 1071).
  std::uint32_t sum = 32 + 58;
  for (std::size_t i = 14 + 8; i < frame.size(); i += 2) {
    sum += static_cast<std::uint32_t>(static_cast<std::uint8_t>(frame[i]) << 8 |
                                      static_cast<std::uint8_t>(frame[i + 1]));
  }
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  EXPECT_EQ(sum, 0xffffu);
}

TEST(Announcement, OwnFramesReadAsClaims) {
  for (const char* text : {"10.64.16.1", "fd00:0:0:2::1"}) {
    const IpAddress address = *IpAddress::parse(text);
    const auto claim = read_claim(address.is_v6() ? unsolicited_advertisement(kMac, address)
                                                  : gratuitous_arp(kMac, address, true));
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->address, address);
    EXPECT_EQ(to_string(claim->mac), "02:42:0a:40:10:01");
  }
}

TEST(Announcement, OtherAndShortFramesClaimNothing) {
  const std::string arp = gratuitous_arp(kMac, *IpAddress::parse("10.64.16.1"), true);
  for (std::size_t length = 0; length < arp.size(); ++length) {
    EXPECT_FALSE(read_claim(std::string_view(arp).substr(0, length))) << length;
  }
  const std::string na = unsolicited_advertisement(kMac, *IpAddress::parse("fd00::1"));
  for (std::size_t length = 0; length < 14 + 40 + 24; ++length) {
    EXPECT_FALSE(read_claim(std::string_view(na).substr(0, length))) << length;
  }
  EXPECT_FALSE(read_claim(gratuitous_arp(kMac, IpAddress::v4(0), false))) << "an ARP probe";
}

}  // namespace
}  // namespace croft
