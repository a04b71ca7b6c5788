#include "base/ip.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(IpAddress::parse("10.64.0.1")->str(), "10.64.0.1");
  EXPECT_EQ(IpAddress::parse("FD00:0:0:2:0::0:1")->str(), "fd00:0:0:2::1");
  for (const char* bad : {"", "10.64.0", "10.64.0.256", "10.0.0.1/8", "fd00::1%eth0", " ::1"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
}

TEST(IpAddress, PlusCarriesIntoHigherBytes) {
  EXPECT_EQ(IpAddress::v4(0x0a4000ff).plus(1).str(), "10.64.1.0");
  EXPECT_EQ(IpAddress::parse("fd00::ffff:ffff")->plus(2).str(), "fd00::1:0:1");
  EXPECT_EQ(IpAddress::v4(0xffffffff).plus(1).str(), "0.0.0.0");
}

TEST(IpPrefix, RefusesHostBitsAndBadLengths) {
  EXPECT_EQ(IpPrefix::parse("10.64.16.0/20")->str(), "10.64.16.0/20");
  EXPECT_EQ(IpPrefix::parse("::1")->str(), "::1/128");
  for (const char* bad :
       {"10.64.16.1/20", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "fd00::/-1"}) {
    EXPECT_FALSE(IpPrefix::parse(bad)) << bad;
  }
}

TEST(IpPrefix, ContainsByBitsNotBytes) {
  const IpPrefix segment = *IpPrefix::parse("10.64.16.0/20");
  EXPECT_TRUE(segment.contains(*IpAddress::parse("10.64.31.255")));
  EXPECT_FALSE(segment.contains(*IpAddress::parse("10.64.32.0")));
  EXPECT_TRUE(segment.contains(*IpPrefix::parse("10.64.17.0/24")));
  EXPECT_FALSE(IpPrefix::parse("10.64.17.0/24")->contains(segment));
  EXPECT_TRUE(IpPrefix::parse("10.64.17.0/24")->overlaps(segment));
  EXPECT_FALSE(IpPrefix::parse("::/0")->contains(*IpAddress::parse("10.0.0.1")));
}

}  // namespace
}  // namespace croft
