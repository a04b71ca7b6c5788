// The ruleset in the kernel, in a network namespace of its own: any sequence of changes leads to
// what a full replacement makes, and a change costs little in a large project. Needs root.
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <sstream>

#include "base/random.h"
#include "network/linux/nft.h"
#include "plan/address_plan.h"
#include "plan/ruleset.h"

namespace croft {
namespace {

class RulesetKernelTest : public testing::Test {
 protected:
  // The main thread stays in the new namespace; every test replaces the table.
  static void SetUpTestSuite() { ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "needs root"; }

  CoreService service(int index, int instances) const {
    const AddressPair address = plan_.service(1, index);
    CoreService s{.id = *ServiceId::parse(fmt::format("{:0>22}", index)),
                  .hostname = "s" + std::to_string(index),
                  .address4 = address.v4.str(),
                  .address6 = address.v6.str(),
                  .ports = {{.port = 80}, {.port = 53, .protocol = PortProtocol::kUdp}}};
    for (int i = 0; i < instances; ++i) {
      const auto offset = static_cast<std::uint64_t>(index * 8 + i);
      const PrefixPair range = plan_.segment(1);
      s.instances.push_back({.id = std::to_string(index * 8 + i),
                             .address4 = range.v4.address().plus(offset % 4000 + 10).str(),
                             .address6 = range.v6.address().plus(0x10000 + offset).str(),
                             .duty = InstanceDuty::kServe});
    }
    return s;
  }

  RulesetModel model(const CoreDesired& desired, const InRotation& in_rotation) const {
    auto made = make_ruleset(desired, {.segment = "eth0", .uplink = "eth1"}, in_rotation);
    EXPECT_TRUE(made) << made.error().describe();
    return *made;
  }

  // What the kernel has, without what differs from load to load (order, handles, counters).
  static std::vector<std::string> kernel_rules() {
    const auto text = nft_list("list table inet croft");
    EXPECT_TRUE(text) << text.error().describe();
    std::vector<std::string> words;
    std::istringstream lines(*text);
    std::string chain;
    for (std::string line; std::getline(lines, line);) {
      if (line.find("chain ") != std::string::npos) chain = line;
      // Elements of a set are printed in the order of a hash table, several to a line.
      std::istringstream parts(line);
      for (std::string part; std::getline(parts, part, ',');) {
        const auto first = part.find_first_not_of(" \t{}");
        const auto last = part.find_last_not_of(" \t{}");
        if (first == std::string::npos) continue;
        part = part.substr(first, last - first + 1);
        if (part.starts_with("elements = { ")) part.erase(0, 13);
        words.push_back(chain + part);
      }
    }
    std::sort(words.begin(), words.end());
    return words;
  }

  static std::chrono::milliseconds apply(const std::string& script) {
    const auto begin = std::chrono::steady_clock::now();
    const Status done = run_nft(script);
    EXPECT_TRUE(done) << done.error().describe() << "\n" << script.substr(0, 2000);
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 begin);
  }

  AddressPlan plan_ = *AddressPlan::create("fd12:3456:789a::/48");
};

TEST_F(RulesetKernelTest, ChangesLeadToWhatAReplacementMakes) {
  SeededRandom random(5);
  CoreDesired desired = core_addresses(plan_, 1, 1);
  RulesetModel current = model(desired, [](const CoreService&, std::size_t) { return true; });
  apply(render_full(current));
  for (int step = 0; step < 60; ++step) {
    desired.services.clear();
    for (int index = 1; index <= 6; ++index) {
      if (random.below(4) == 0) continue;
      CoreService s = service(index, static_cast<int>(random.below(4)));
      if (random.below(3) == 0) s.ports.pop_back();
      for (CoreInstance& i : s.instances) i.duty = static_cast<InstanceDuty>(random.below(3));
      desired.services.push_back(std::move(s));
    }
    const std::uint64_t mask = random.below(1u << 16);
    const RulesetModel next = model(desired, [mask](const CoreService& s, std::size_t i) {
      return (mask >> ((s.hostname[1] - '0') * 2 + static_cast<int>(i)) & 1) != 0;
    });
    const std::string change = render_change(current, next);
    if (!change.empty()) apply(change);
    const auto changed = kernel_rules();
    apply(render_full(next));
    ASSERT_EQ(changed, kernel_rules()) << "step " << step << "\n" << change;
    current = next;
  }
}

TEST_F(RulesetKernelTest, AChangeInALargeProjectIsQuick) {
  CoreDesired desired = core_addresses(plan_, 1, 1);
  for (int index = 1; index <= 1000; ++index) desired.services.push_back(service(index, 5));
  const auto everybody = [](const CoreService&, std::size_t) { return true; };
  const RulesetModel before = model(desired, everybody);
  const auto full = apply(render_full(before));
  const RulesetModel after =
      model(desired, [](const CoreService& s, std::size_t i) { return s.hostname != "s500" || i; });
  const auto change = apply(render_change(before, after));
  std::cerr << "1000 services, 5000 instances: full " << full.count() << " ms, one instance out "
            << change.count() << " ms\n";
  EXPECT_LT(change.count(), 1000);
  EXPECT_LT(change.count() * 4, full.count()) << "a change must not cost what everything costs";
}

}  // namespace
}  // namespace croft
