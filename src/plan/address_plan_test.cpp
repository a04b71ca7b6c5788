#include "plan/address_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace croft {
namespace {

AddressPlan make_plan() {
  return *AddressPlan::create("fd12:3456:789a::/48");
}

TEST(AddressPlan, KnownAddresses) {
  const AddressPlan plan = make_plan();
  EXPECT_EQ(plan.segment(1).v4.str(), "10.64.16.0/20");
  EXPECT_EQ(plan.segment(1).v6.str(), "fd12:3456:789a:2::/64");
  EXPECT_EQ(plan.gateway(1).v4.str(), "10.64.16.1");
  EXPECT_EQ(plan.gateway(1).v6.str(), "fd12:3456:789a:2::1");
  EXPECT_EQ(plan.slice(1, 1).v4.str(), "10.64.17.0/24");
  EXPECT_EQ(plan.slice(1, 15).v6.str(), "fd12:3456:789a:2:f::/80");
  EXPECT_EQ(plan.service(1, 300).v4.str(), "100.64.1.44");
  EXPECT_EQ(plan.service(1, 300).v6.str(), "fd12:3456:789a:3::12c");
  EXPECT_EQ(plan.segment(0).v4.str(), "10.127.0.0/16");
  EXPECT_EQ(plan.node(2).v4.str(), "10.127.0.2");
  EXPECT_EQ(plan.node(2).v6.str(), "fd12:3456:789a::1:2");
  EXPECT_EQ(plan.core_uplink(1007).v4.str(), "10.127.11.239");
  EXPECT_EQ(plan.core_uplink(1007).v6.str(), "fd12:3456:789a::2:3ef");
  EXPECT_EQ(plan.core_pair4(1007)[0].str(), "10.127.7.239");
  EXPECT_EQ(plan.core_pair4(1007)[1].str(), "10.127.15.239");
  EXPECT_EQ(plan.slice(0, 3).v4.str(), "10.127.48.0/20");
  EXPECT_EQ(plan.project_route6(1).str(), "fd12:3456:789a:2::/63");
}

TEST(AddressPlan, NoTwoNetworksOverlap) {
  const AddressPlan plan = make_plan();
  std::vector<IpPrefix> ranges;
  for (int n = 0; n <= kMaxNetworkNumber; ++n) {
    ranges.push_back(plan.segment(n).v4);
    ranges.push_back(plan.segment(n).v6);
    if (n > 0) ranges.push_back(plan.service_range(n).v6);
  }
  ranges.push_back(*IpPrefix::parse(kServiceRange4));
  // Sorted by start, ranges overlap if and only if two neighbours do.
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    ASSERT_FALSE(ranges[i - 1].overlaps(ranges[i]))
        << ranges[i - 1].str() << " and " << ranges[i].str();
  }
}

TEST(AddressPlan, AnUplinkOfItsOwn) {
  const auto plan = AddressPlan::create("fd12:3456:789a::/48", "10.128.0.0/10", "10.5.0.0/16");
  ASSERT_TRUE(plan) << plan.error().describe();
  EXPECT_EQ(plan->segment(1).v4.str(), "10.128.16.0/20");
  EXPECT_EQ(plan->segment(0).v4.str(), "10.5.0.0/16");
  EXPECT_EQ(plan->node(1).v4.str(), "10.5.0.1");
  EXPECT_EQ(plan->core_uplink(7).v4.str(), "10.5.8.7");
  EXPECT_EQ(core_addresses(*plan, 1, 1).denied4,
            (std::vector<std::string>{"10.128.0.0/10", "10.5.0.0/16"}));
}

TEST(AddressPlan, EverythingIsWithinItsRange) {
  const AddressPlan plan = make_plan();
  for (int n = 0; n <= kMaxNetworkNumber; ++n) {
    if (n > 0) ASSERT_TRUE(plan.everything().v4.contains(plan.segment(n).v4)) << n;
    ASSERT_TRUE(plan.everything().v6.contains(plan.segment(n).v6)) << n;
    if (n == 0) continue;
    ASSERT_TRUE(plan.project_route6(n).contains(plan.segment(n).v6)) << n;
    ASSERT_TRUE(plan.project_route6(n).contains(plan.service_range(n).v6)) << n;
    ASSERT_TRUE(plan.service_range(n).v6.contains(plan.service(n, kMaxServiceIndex).v6)) << n;
    ASSERT_TRUE(plan.service_range(n).v4.contains(plan.service(n, kMaxServiceIndex).v4)) << n;
  }
}

TEST(AddressPlan, SlicesAreDisjointAndHoldNoFixedAddress) {
  const AddressPlan plan = make_plan();
  for (const int n : {0, 1, 2, 15, 16, 255, 256, 1000, kMaxNetworkNumber}) {
    std::vector<AddressPair> fixed;
    for (int k = 1; k <= kMaxNodeIndex && n == 0; ++k) fixed.push_back(plan.node(k));
    for (int m = 1; m <= kMaxNetworkNumber && n == 0; ++m) fixed.push_back(plan.core_uplink(m));
    for (int m = 1; m <= kMaxNetworkNumber && n == 0; ++m) {
      for (const IpAddress& own : plan.core_pair4(m)) {
        fixed.push_back({own, plan.core_uplink(m).v6});
      }
    }
    if (n > 0) fixed.push_back(plan.gateway(n));
    for (int k = 1; k <= kMaxNodeIndex; ++k) {
      const PrefixPair slice = plan.slice(n, k);
      ASSERT_TRUE(plan.segment(n).v4.contains(slice.v4));
      ASSERT_TRUE(plan.segment(n).v6.contains(slice.v6));
      for (int other = 1; other < k; ++other) {
        ASSERT_FALSE(slice.v4.overlaps(plan.slice(n, other).v4)) << n << " " << k;
        ASSERT_FALSE(slice.v6.overlaps(plan.slice(n, other).v6)) << n << " " << k;
      }
      for (const AddressPair& a : fixed) {
        ASSERT_FALSE(slice.v4.contains(a.v4)) << a.v4.str();
        ASSERT_FALSE(slice.v6.contains(a.v6)) << a.v6.str();
      }
    }
  }
}

TEST(AddressPlan, FixedAddressesOfTheUplinkAreDistinctAndNodesApartFromCores) {
  const AddressPlan plan = make_plan();
  std::set<IpAddress> seen;
  for (int k = 1; k <= kMaxNodeIndex; ++k) {
    EXPECT_TRUE(seen.insert(plan.node(k).v4).second);
    EXPECT_TRUE(seen.insert(plan.node(k).v6).second);
    EXPECT_TRUE(plan.node_range().v4.contains(plan.node(k).v4));
    EXPECT_TRUE(plan.node_range().v6.contains(plan.node(k).v6));
  }
  for (int n = 1; n <= kMaxNetworkNumber; ++n) {
    EXPECT_TRUE(seen.insert(plan.core_uplink(n).v4).second);
    EXPECT_TRUE(seen.insert(plan.core_uplink(n).v6).second);
    for (const IpAddress& own : plan.core_pair4(n)) {
      EXPECT_TRUE(seen.insert(own).second);
      EXPECT_FALSE(plan.node_range().v4.contains(own));
    }
    EXPECT_FALSE(plan.node_range().v4.contains(plan.core_uplink(n).v4));
    EXPECT_FALSE(plan.node_range().v6.contains(plan.core_uplink(n).v6));
  }
}

TEST(AddressPlan, RefusesWrongRanges) {
  for (const char* ula : {"", "fd00::/47", "fe80::/48", "10.0.0.0/10", "fd12:3456:789a:1::/48"}) {
    EXPECT_FALSE(AddressPlan::create(ula)) << ula;
  }
  for (const char* pool : {"10.64.0.0/12", "fd00::/10", "100.64.0.0/10", "10.65.0.0/10"}) {
    EXPECT_FALSE(AddressPlan::create("fd12:3456:789a::/48", pool)) << pool;
  }
  // 10.126.0.0/16 is what projects 992 to 1007 have.
  for (const char* uplink : {"10.126.0.0/16", "10.5.0.0/17", "100.64.0.0/16", "fd00::/16", ""}) {
    EXPECT_FALSE(AddressPlan::create("fd12:3456:789a::/48", kDefaultPool4, uplink)) << uplink;
  }
}

TEST(AddressPlan, DeviceNamesFitAndVnisDiffer) {
  EXPECT_EQ(segment_device("ab12cd", 1007), "cab12cdv1007");
  EXPECT_LE(segment_device("ab12cd", 1007).size(), 15u);
  std::set<int> vnis;
  for (int n = 0; n <= kMaxNetworkNumber; ++n) {
    for (const char* install : {"aaaaaa", "aaaaab", "ab12cd"}) {
      const int vni = segment_vni(install, n);
      EXPECT_TRUE(vnis.insert(vni).second);
      EXPECT_GT(vni, 0);
      EXPECT_LT(vni, 1 << 24);
    }
  }
}

}  // namespace
}  // namespace croft
