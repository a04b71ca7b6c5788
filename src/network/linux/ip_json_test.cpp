#include "network/linux/ip_json.h"

#include <gmock/gmock.h>

#include "base/json_codec.h"

namespace croft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Shortened output of iproute2 6.1.
TEST(IpJson, ReadsDevicesOfThePrefix) {
  const auto devices = read_devices(*parse_json(R"([
    {"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536,"addr_info":[]},
    {"ifname":"cab12cdv1","flags":["BROADCAST","UP"],"mtu":1450,"linkinfo":{"info_kind":"vxlan",
     "info_data":{"id":77,"local":"192.0.2.2","port":14789}},"addr_info":[]},
    {"ifname":"cab12cdu","link":"cab12cdv0","flags":["BROADCAST"],"mtu":1450,
     "linkinfo":{"info_kind":"macvlan","info_data":{"mode":"bridge"}},"addr_info":[
      {"family":"inet6","local":"fd00::1","prefixlen":64,"scope":"global"},
      {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}])"),
                                    "cab12cd");
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices[0].vni, 77);
  EXPECT_EQ(devices[0].local, "192.0.2.2");
  EXPECT_EQ(devices[0].port, 14789);
  EXPECT_TRUE(devices[0].up);
  EXPECT_EQ(devices[1].kind, "macvlan");
  EXPECT_EQ(devices[1].parent, "cab12cdv0");
  EXPECT_FALSE(devices[1].up);
  EXPECT_THAT(devices[1].addresses, ElementsAre("fd00::1/64"));
}

TEST(IpJson, ReadsPeersRoutesAndDefaults) {
  EXPECT_THAT(read_peers(*parse_json(R"([
      {"mac":"00:00:00:00:00:00","ifname":"a","dst":"192.0.2.3"},
      {"mac":"00:00:00:00:00:00","ifname":"b","dst":"192.0.2.4"},
      {"mac":"02:00:00:00:00:01","ifname":"a","dst":"192.0.2.5"}])"),
                         "a"),
              ElementsAre("192.0.2.3"));
  const auto routes =
      read_routes(*parse_json(R"([{"dst":"fd00:0:0:2::/63","gateway":"fd00::2:1","dev":"cab12cdu"},
                      {"dst":"fd00:0:0:4::/63","gateway":"fd00::2:2","dev":"other"}])"),
                  "cab12cdu");
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_EQ(routes[0].via, "fd00::2:1");
  EXPECT_THAT(read_interfaces(*parse_json(R"([{"dst":"default","dev":"eth0"}])")),
              ElementsAre("eth0"));
}

TEST(IpJson, WhatIsNotAsExpectedIsLeftOut) {
  EXPECT_THAT(read_devices(*parse_json(R"({"ifname":"cab12cdv1"})"), "cab12cd"), IsEmpty());
  EXPECT_THAT(read_devices(*parse_json(R"([1,"x",{"ifname":7}])"), "cab12cd"), IsEmpty());
  EXPECT_THAT(read_peers(*parse_json("null"), "a"), IsEmpty());
}

}  // namespace
}  // namespace croft
