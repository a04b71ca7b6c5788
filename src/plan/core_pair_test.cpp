#include "plan/core_pair.h"

#include <gmock/gmock.h>

#include "plan/address_plan.h"

namespace croft {
namespace {

using testing::HasSubstr;
using testing::Not;

CoreInterfaces interfaces() {
  return {.segment = "eth0",
          .uplink = "eth1",
          .own = {"10.64.113.250", "fd12:3456:789a:e:1::250", "10.127.16.9"}};
}

CoreDesired desired() {
  return core_addresses(*AddressPlan::create("fd12:3456:789a::/48"), 7, 1);
}

TEST(CorePair, TheTwoAreEachOthersPartners) {
  const auto a = pair_addresses(desired(), "a");
  const auto b = pair_addresses(desired(), "b");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->own, "10.127.4.7");
  EXPECT_EQ(a->partner, "10.127.12.7");
  EXPECT_EQ(b->own, a->partner);
  EXPECT_EQ(b->partner, a->own);
}

TEST(CorePair, KeepalivedHoldsAllFourAddressesInOneInstance) {
  const auto a = render_pair(desired(), interfaces(), "a", "/run/croft");
  ASSERT_TRUE(a) << a.error().describe();
  EXPECT_THAT(a->keepalived, HasSubstr("  unicast_src_ip 10.127.4.7\n"
                                       "  unicast_peer {\n    10.127.12.7\n  }\n"
                                       "  virtual_ipaddress {\n"
                                       "    10.64.112.1/32 dev eth0\n"
                                       "    10.127.8.7/32 dev eth1\n  }\n"
                                       "  virtual_ipaddress_excluded {\n"
                                       "    fd12:3456:789a:e::1/128 dev eth0 preferred_lft 0\n"
                                       "    fd12:3456:789a::2:7/128 dev eth1 preferred_lft 0\n"));
  EXPECT_THAT(a->keepalived, HasSubstr("nopreempt"));
  EXPECT_THAT(a->keepalived, HasSubstr("interface eth1\n  track_interface {\n    eth0\n"));
  const auto b = render_pair(desired(), interfaces(), "b", "/run/croft");
  ASSERT_TRUE(b);
  EXPECT_THAT(a->keepalived, HasSubstr("priority 254"));
  EXPECT_THAT(b->keepalived, HasSubstr("priority 253"));
}

TEST(CorePair, ConntrackdSpeaksToThePartnerAndLeavesOutWhatEndsInTheCore) {
  const auto b = render_pair(desired(), interfaces(), "b", "/run/croft");
  ASSERT_TRUE(b) << b.error().describe();
  EXPECT_THAT(b->conntrackd, HasSubstr("IPv4_address 10.127.12.7\n"
                                       "    IPv4_Destination_Address 10.127.4.7\n"
                                       "    Port 3780\n    Interface eth1"));
  EXPECT_THAT(b->conntrackd, HasSubstr("DisableExternalCache On"));
  EXPECT_THAT(b->conntrackd, HasSubstr("LockFile /run/croft/conntrackd.lock"));
  for (const char* own : {"IPv4_address 10.64.112.1\n", "IPv6_address fd12:3456:789a:e::1\n",
                          "IPv4_address 10.64.113.250\n", "IPv6_address fd12:3456:789a:e:1::250\n",
                          "IPv4_address 10.127.16.9\n"}) {
    EXPECT_THAT(b->conntrackd, HasSubstr(own));
  }
}

TEST(CorePair, TheTableHearsThePartnerAndGuardsWhatIsClaimed) {
  const auto a = render_pair(desired(), interfaces(), "a", "/run/croft");
  ASSERT_TRUE(a) << a.error().describe();
  EXPECT_THAT(a->table, HasSubstr("delete table netdev croft_pair\n"));
  EXPECT_THAT(a->table, HasSubstr("ip protocol 112 ip saddr 10.127.12.7 @th,16,8 != 0"));
  EXPECT_THAT(a->table, HasSubstr("hook egress device \"eth0\""));
  EXPECT_THAT(a->table, HasSubstr("arp saddr ip 10.64.112.1 goto claims"));
  EXPECT_THAT(a->table, Not(HasSubstr("{{")));
}

TEST(CorePair, NothingUncheckedGetsIntoAConfiguration) {
  const auto refused = [](const CoreDesired& d, const CoreInterfaces& i, const char* slot) {
    const auto made = render_pair(d, i, slot, "/run/croft");
    return made ? std::string("made") : made.error().message();
  };
  EXPECT_THAT(refused(desired(), interfaces(), "c"), HasSubstr("no slot"));
  EXPECT_THAT(refused(desired(), {.segment = "eth0 }", .uplink = "eth1"}, "a"),
              HasSubstr("not an interface name"));
  CoreInterfaces foreign = interfaces();
  foreign.own[1] = "10.0.0.1\n    }";
  EXPECT_THAT(refused(desired(), foreign, "a"), HasSubstr("own address"));
  CoreDesired odd = desired();
  odd.gateway6 = "10.0.0.1";
  EXPECT_THAT(refused(odd, interfaces(), "a"), HasSubstr("gateway6"));
  odd = desired();
  odd.pair4[1] = "10.0.0.1\n  }";
  EXPECT_THAT(refused(odd, interfaces(), "a"), HasSubstr("pair4"));
  odd.pair4.clear();
  EXPECT_THAT(refused(odd, interfaces(), "a"), HasSubstr("older croft-node"));
}

}  // namespace
}  // namespace croft
