#include "plan/host_plan.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "base/file.h"
#include "plan/address_plan.h"
#include "plan/host_ruleset.h"

namespace croft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kInstall = "ab12cd";

NodeSegment segment(int n) {
  return {.device = segment_device(kInstall, n), .vni = 100 + n, .local_address = "192.0.2.2"};
}

NodeDesired make_desired() {
  NodeDesired d;
  d.uplink = {.segment = segment(0),
              .child_device = "cab12cdu",
              .node_address4 = "10.127.0.1/16",
              .node_address6 = "fd12:3456:789a::1:1/64",
              .routes = {{"fd12:3456:789a:2::/63", "fd12:3456:789a::2:1"}}};
  d.segments = {segment(1)};
  d.segments[0].peers = {"192.0.2.3"};
  return d;
}

HostDevice tunnel(int n) {
  return {.name = segment_device(kInstall, n),
          .kind = "vxlan",
          .vni = 100 + n,
          .local = "192.0.2.2",
          .port = kVxlanPort,
          .mtu = 1450,
          .up = true};
}

HostState converged() {
  HostState s;
  s.devices = {tunnel(0),
               tunnel(1),
               {.name = "cab12cdu",
                .kind = "macvlan",
                .mtu = 1450,
                .up = true,
                .parent = "cab12cdv0",
                .addresses = {"10.127.0.1/16", "fd12:3456:789a::1:1/64"}}};
  s.devices[1].peers = {"192.0.2.3"};
  s.routes = make_desired().uplink.routes;
  return s;
}

HostPlan plan_of(const NodeDesired& desired, const HostState& state) {
  auto plan = plan_host(desired, state, kInstall);
  EXPECT_TRUE(plan) << plan.error().describe();
  return *plan;
}

TEST(HostPlan, MakesEverythingOnAnEmptyMachine) {
  const HostPlan plan = plan_of(make_desired(), {});
  EXPECT_THAT(
      plan.ip_lines,
      ElementsAre("link add cab12cdv0 type vxlan id 100 local 192.0.2.2 dstport 14789",
                  "link set dev cab12cdv0 addrgenmode none", "link set dev cab12cdv0 mtu 1450 up",
                  "link add cab12cdv1 type vxlan id 101 local 192.0.2.2 dstport 14789",
                  "link set dev cab12cdv1 addrgenmode none", "link set dev cab12cdv1 mtu 1450 up",
                  "link add cab12cdu link cab12cdv0 type macvlan mode bridge",
                  "link set dev cab12cdu mtu 1450 up", "address replace 10.127.0.1/16 dev cab12cdu",
                  "address replace fd12:3456:789a::1:1/64 dev cab12cdu nodad",
                  "route replace fd12:3456:789a:2::/63 via fd12:3456:789a::2:1 dev cab12cdu "
                  "proto 201"));
  EXPECT_THAT(plan.bridge_lines,
              ElementsAre("fdb append 00:00:00:00:00:00 dev cab12cdv1 dst 192.0.2.3"));
}

TEST(HostPlan, NothingToDoWhenAllMatches) {
  EXPECT_TRUE(plan_of(make_desired(), converged()).empty());
  EXPECT_THAT(matching_segments(make_desired(), converged()),
              ElementsAre("cab12cdv1", "cab12cdv0"));
}

TEST(HostPlan, AProjectThatGoesTakesItsDeviceAndRoute) {
  NodeDesired desired = make_desired();
  desired.segments.clear();
  desired.uplink.routes.clear();
  EXPECT_THAT(plan_of(desired, converged()).ip_lines,
              ElementsAre("link del cab12cdv1",
                          "route del fd12:3456:789a:2::/63 via fd12:3456:789a::2:1 proto 201"));
}

TEST(HostPlan, PeersComeAndGoWithoutTouchingTheDevice) {
  NodeDesired desired = make_desired();
  desired.segments[0].peers = {"192.0.2.4"};
  const HostPlan plan = plan_of(desired, converged());
  EXPECT_THAT(plan.ip_lines, IsEmpty());
  EXPECT_THAT(plan.bridge_lines,
              ElementsAre("fdb append 00:00:00:00:00:00 dev cab12cdv1 dst 192.0.2.4",
                          "fdb del 00:00:00:00:00:00 dev cab12cdv1 dst 192.0.2.3"));
}

TEST(HostPlan, AnUplinkMadeAnewTakesItsChildAndRoutesAlong) {
  NodeDesired desired = make_desired();
  desired.uplink.segment.local_address = "192.0.2.9";
  const auto lines = plan_of(desired, converged()).ip_lines;
  EXPECT_EQ(lines.front(), "link del cab12cdv0");
  EXPECT_THAT(lines,
              testing::Contains("link add cab12cdu link cab12cdv0 type macvlan mode bridge"));
  EXPECT_THAT(lines, testing::Not(testing::Contains("link del cab12cdu")))
      << "the kernel has removed it with its parent";
  EXPECT_THAT(lines.back(), testing::StartsWith("route replace"));
}

TEST(HostPlan, RefusesForeignDevicesAndBadAddresses) {
  const auto refused = [](auto change) {
    NodeDesired desired = make_desired();
    change(desired);
    return !plan_host(desired, {}, kInstall).has_value();
  };
  EXPECT_TRUE(refused([](NodeDesired& d) { d.segments[0].device = "eth0"; }));
  EXPECT_TRUE(refused([](NodeDesired& d) { d.segments[0].device = "cab12cdv1 up"; }));
  EXPECT_TRUE(refused([](NodeDesired& d) { d.segments[0].local_address = "x"; }));
  EXPECT_TRUE(refused([](NodeDesired& d) { d.segments[0].peers = {"192.0.2.3 dev eth0"}; }));
  EXPECT_TRUE(refused([](NodeDesired& d) { d.segments[0].vni = 1 << 24; }));
  EXPECT_TRUE(refused([](NodeDesired& d) { d.uplink.child_device = "eth0"; }));
  EXPECT_TRUE(refused([](NodeDesired& d) { d.uplink.node_address4 = "10.127.0.1"; }));
  EXPECT_TRUE(refused([](NodeDesired& d) { d.uplink.routes[0].via = "fd00::1 dev eth0"; }));
}

TEST(HostPlan, PurgeTakesChildrenFirst) {
  EXPECT_THAT(plan_purge(converged()).ip_lines,
              ElementsAre("link del cab12cdu", "link del cab12cdv0", "link del cab12cdv1"));
}

TEST(HostRuleset, GoldenScript) {
  const std::string path = CROFT_SOURCE_DIR "/tests/data/ruleset/host.nft";
  const auto script = render_host_ruleset({.install_id = kInstall,
                                           .uplink = make_desired().uplink,
                                           .resolvers = {"192.0.2.2", "2001:db8::53"},
                                           .edge = {.addresses4 = {"192.0.2.2"},
                                                    .addresses6 = {"2001:db8::2"},
                                                    .tcp_ports = {80, 443},
                                                    .udp_ports = {443}},
                                           .default_interfaces = {"eth0"}});
  ASSERT_TRUE(script) << script.error().describe();
  if (std::getenv("CROFT_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file_atomically(path, *script));
  }
  const auto golden = read_file(path);
  ASSERT_TRUE(golden) << golden.error().describe();
  EXPECT_EQ(*script, *golden) << "run with CROFT_UPDATE_GOLDEN=1 and read the difference";
}

TEST(HostRuleset, WithoutADefaultRouteNothingLeaves) {
  const auto script =
      render_host_ruleset({.install_id = kInstall, .uplink = make_desired().uplink});
  ASSERT_TRUE(script);
  EXPECT_EQ(script->find("oifname \"eth"), std::string::npos);
  EXPECT_FALSE(render_host_ruleset({.install_id = kInstall,
                                    .uplink = make_desired().uplink,
                                    .default_interfaces = {"eth0\" accept"}}));
}

}  // namespace
}  // namespace croft
