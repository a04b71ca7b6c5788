#include "plan/ruleset.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "base/file.h"
#include "plan/address_plan.h"
#include "plan/ruleset_frame.h"

namespace croft {
namespace {

using testing::HasSubstr;
using testing::Not;

CoreInterfaces interfaces() {
  return {.segment = "eth0", .uplink = "eth1"};
}

std::string id_of(char fill) {
  return std::string(kIdLength, fill);
}

// Service number `index` with `count` instances; instance i has address .1.<10*index+i>.
CoreService make_service(const AddressPlan& plan, int index, int count) {
  const AddressPair address = plan.service(1, index);
  CoreService s{.id = *ServiceId::parse(id_of(static_cast<char>('a' + index))),
                .hostname = "svc" + std::to_string(index),
                .address4 = address.v4.str(),
                .address6 = address.v6.str(),
                .ports = {{.port = 3000, .http = true}}};
  for (int i = 0; i < count; ++i) {
    const auto offset = static_cast<std::uint64_t>(10 * index + i);
    s.instances.push_back({.id = "task" + std::to_string(i),
                           .address4 = plan.slice(1, 1).v4.address().plus(offset).str(),
                           .address6 = plan.slice(1, 1).v6.address().plus(offset).str(),
                           .duty = InstanceDuty::kServe});
  }
  return s;
}

CoreDesired make_desired() {
  const AddressPlan plan = *AddressPlan::create("fd12:3456:789a::/48");
  CoreDesired d = core_addresses(plan, 1, 1);
  d.denied4.push_back("192.0.2.2");
  d.denied6.push_back("2001:db8::2");
  d.edge = {.addresses4 = {"192.0.2.2"},
            .addresses6 = {"2001:db8::2"},
            .tcp_ports = {80, 443},
            .udp_ports = {443}};
  d.services = {make_service(plan, 1, 3), make_service(plan, 2, 1), make_service(plan, 3, 0)};
  d.services[1].ports = {{.port = 53, .protocol = PortProtocol::kUdp}, {.port = 5432}};
  return d;
}

bool everybody(const CoreService&, std::size_t) {
  return true;
}

RulesetModel model_of(const CoreDesired& desired) {
  auto model = make_ruleset(desired, interfaces(), everybody);
  EXPECT_TRUE(model) << model.error().describe();
  return *model;
}

TEST(Ruleset, GoldenScript) {
  const std::string path = CROFT_SOURCE_DIR "/tests/data/ruleset/core.nft";
  const std::string script = render_full(model_of(make_desired()));
  if (std::getenv("CROFT_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file_atomically(path, script));
  }
  const auto golden = read_file(path);
  ASSERT_TRUE(golden) << golden.error().describe();
  EXPECT_EQ(script, *golden) << "run with CROFT_UPDATE_GOLDEN=1 and read the difference";
}

TEST(Ruleset, OfTheMachinesOnlyTheEdgeIsOpen) {
  CoreDesired desired = make_desired();
  const std::string script = render_full(model_of(desired));
  const std::string open =
      "ip daddr { 192.0.2.2 } meta l4proto . th dport { 6 . 80, 6 . 443, 17 . 443 } accept";
  ASSERT_THAT(script, HasSubstr(open));
  EXPECT_LT(script.find(open), script.find("ip daddr @denied4")) << "the first verdict counts";
  // What never may be reached is not, whoever says that it is an address of the machine.
  desired.edge.addresses4 = {"169.254.169.254", "127.0.0.1"};
  desired.edge.addresses6 = {"fd00:ec2::254", "fe80::1", "::1"};
  EXPECT_THAT(render_full(model_of(desired)), Not(HasSubstr("6 . 443")));
  desired = make_desired();
  desired.edge.tcp_ports.clear();
  desired.edge.udp_ports.clear();
  EXPECT_THAT(render_full(model_of(desired)), Not(HasSubstr("ip daddr { 192.0.2.2 }")));
  for (const int port : {0, 65536, -1}) {
    desired.edge.tcp_ports = {port};
    EXPECT_FALSE(make_ruleset(desired, interfaces(), everybody)) << port;
  }
  desired = make_desired();
  desired.edge.addresses4 = {"192.0.2.2 } accept #"};
  EXPECT_FALSE(make_ruleset(desired, interfaces(), everybody));
}

TEST(Ruleset, SameStateNeedsNoChange) {
  EXPECT_EQ(render_change(model_of(make_desired()), model_of(make_desired())), "");
}

TEST(Ruleset, AnInstanceThatLeavesTouchesItsServiceOnly) {
  const CoreDesired desired = make_desired();
  const RulesetModel before = model_of(desired);
  const auto after = make_ruleset(desired, interfaces(), [](const CoreService& s, std::size_t i) {
    return s.hostname != "svc1" || i != 1;
  });
  const std::string script = render_change(before, *after);
  EXPECT_EQ(script,
            "flush chain inet croft s4_bbbbbbbbbbbbbbbbbbbbbb\n"
            "add rule inet croft s4_bbbbbbbbbbbbbbbbbbbbbb dnat ip to numgen inc mod 2 map "
            "{ 0 : 10.64.17.10, 1 : 10.64.17.12 }\n"
            "flush chain inet croft s6_bbbbbbbbbbbbbbbbbbbbbb\n"
            "add rule inet croft s6_bbbbbbbbbbbbbbbbbbbbbb dnat ip6 to numgen inc mod 2 map "
            "{ 0 : fd12:3456:789a:2:1::a, 1 : fd12:3456:789a:2:1::c }\n");
}

TEST(Ruleset, ChangeCostDoesNotGrowWithTheProject) {
  const AddressPlan plan = *AddressPlan::create("fd12:3456:789a::/48");
  CoreDesired big = make_desired();
  for (int i = 0; i < 1000; ++i) {
    CoreService s = make_service(plan, 4, 5);
    s.id = *ServiceId::parse(fmt::format("{:0>22}", i));
    s.address4 = plan.service(1, 100 + i).v4.str();
    s.address6 = plan.service(1, 100 + i).v6.str();
    big.services.push_back(std::move(s));
  }
  const RulesetModel before = model_of(big);
  big.services.back().instances.pop_back();
  EXPECT_LT(render_change(before, model_of(big)).size(), 1000u);
}

TEST(Ruleset, AServiceThatGoesTakesElementsBeforeItsChain) {
  CoreDesired desired = make_desired();
  const RulesetModel before = model_of(desired);
  desired.services.erase(desired.services.begin());
  const std::string script = render_change(before, model_of(desired));
  EXPECT_LT(script.find("delete element inet croft services4 { 100.64.0.1 . 6 . 3000 }"),
            script.find("delete chain inet croft s4_bbbbbbbbbbbbbbbbbbbbbb"));
  EXPECT_THAT(script, HasSubstr("delete element inet croft published6"));
}

TEST(Ruleset, NobodyInRotationLeavesNoWayIn) {
  const RulesetModel model = *make_ruleset(make_desired(), interfaces(),
                                           [](const CoreService&, std::size_t) { return false; });
  EXPECT_TRUE(model.services4.empty());
  EXPECT_TRUE(model.services6.empty());
  EXPECT_TRUE(model.chains.empty());
}

TEST(Ruleset, TheEdgeIsRefusedAtOnceWhereAnInstanceHasEnded) {
  const CoreDesired desired = make_desired();
  const auto ended = make_ruleset(desired, interfaces(), everybody,
                                  [](const CoreService&, std::size_t i) { return i == 1; });
  EXPECT_FALSE(ended->published6.contains("fd12:3456:789a:2:1::b . 6 . 3000"));
  EXPECT_TRUE(ended->published6.contains("fd12:3456:789a:2:1::c . 6 . 3000"));
  EXPECT_THAT(render_full(*ended), HasSubstr("iifname \"eth1\" oifname \"eth0\" ip6 saddr " +
                                             desired.edge_range6 + " goto rejected"));
}

TEST(Ruleset, TheEdgeMayOpenServedAndDrainedInstancesNotHeldOnes) {
  CoreDesired desired = make_desired();
  desired.services[0].instances[0].duty = InstanceDuty::kHold;
  desired.services[0].instances[1].duty = InstanceDuty::kDrain;
  const RulesetModel model = model_of(desired);
  EXPECT_FALSE(model.published6.contains("fd12:3456:789a:2:1::a . 6 . 3000"));
  EXPECT_TRUE(model.published6.contains("fd12:3456:789a:2:1::b . 6 . 3000"));
  EXPECT_TRUE(model.published6.contains("fd12:3456:789a:2:1::c . 6 . 3000"));
  EXPECT_FALSE(model.published6.contains("fd12:3456:789a:2:1::c . 17 . 3000"));
}

TEST(Ruleset, AnotherFrameIsAFullReplacement) {
  CoreDesired desired = make_desired();
  const RulesetModel before = model_of(desired);
  desired.denied4.push_back("198.51.100.7");
  const std::string script = render_change(before, model_of(desired));
  EXPECT_EQ(script, render_full(model_of(desired)));
  EXPECT_TRUE(script.starts_with("add table inet croft\ndelete table inet croft\n"));
}

TEST(Ruleset, NothingUncheckedGetsIntoTheScript) {
  const std::string evil = "10.0.0.1 } ; flush ruleset; #";
  const auto refused = [](const CoreDesired& d) {
    return !make_ruleset(d, interfaces(), everybody).has_value();
  };
  for (std::string CoreDesired::* field :
       {&CoreDesired::segment4, &CoreDesired::gateway4, &CoreDesired::segment6,
        &CoreDesired::gateway6, &CoreDesired::service_range4, &CoreDesired::service_range6,
        &CoreDesired::uplink4, &CoreDesired::uplink6, &CoreDesired::uplink_address4,
        &CoreDesired::uplink_address6, &CoreDesired::edge_range4, &CoreDesired::edge_range6}) {
    CoreDesired d = make_desired();
    d.*field = evil;
    EXPECT_TRUE(refused(d));
  }
  CoreDesired d = make_desired();
  d.denied6 = {evil};
  EXPECT_TRUE(refused(d));
  d = make_desired();
  d.services[0].address6 = evil;
  EXPECT_TRUE(refused(d));
  d = make_desired();
  d.services[0].instances[0].address4 = evil;
  EXPECT_TRUE(refused(d));
  for (const char* name : {"", "eth0\" accept", "-x", "abcdefghijklmnop"}) {
    EXPECT_FALSE(make_ruleset(make_desired(), {.segment = name, .uplink = "eth1"}, everybody));
  }
}

TEST(RulesetFrame, NestedRangesAreLeftOut) {
  const auto range = [](const char* text) { return *IpPrefix::parse(text); };
  EXPECT_EQ(without_nested({range("10.1.0.0/16"), range("10.0.0.0/8"), range("11.0.0.0/8"),
                            range("10.2.0.0/16"), range("10.0.0.0/8")}),
            (std::vector<IpPrefix>{range("10.0.0.0/8"), range("11.0.0.0/8")}));
}

}  // namespace
}  // namespace croft
