#include "plan/address_choice.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <set>

#include "plan/address_plan.h"

namespace croft {
namespace {

IpPrefix range(const std::string& text) {
  return IpPrefix::parse(text).value();
}

AddressChoice choose(const std::string& id, const TakenRanges& taken) {
  auto made = choose_addresses(id, taken);
  EXPECT_TRUE(made) << made.error().describe();
  return made ? *made : AddressChoice{};
}

TEST(AddressChoice, DependsOnTheInstallationOnly) {
  EXPECT_EQ(choose("ab12cd", {}), choose("ab12cd", {}));
  std::set<std::string> pools;
  std::set<std::string> uplinks;
  for (int i = 0; i < 400; ++i) {
    const AddressChoice made = choose(fmt::format("in{:04}", i), {});
    pools.insert(made.pool.str());
    uplinks.insert(made.uplink.str());
    ASSERT_TRUE(AddressPlan::create("fd00::/48", made.pool.str(), made.uplink.str()));
  }
  EXPECT_EQ(pools, (std::set<std::string>{"10.64.0.0/10", "10.128.0.0/10", "10.192.0.0/10"}));
  EXPECT_GT(uplinks.size(), 50u);
  EXPECT_FALSE(uplinks.contains("10.0.0.0/16") || uplinks.contains("10.1.0.0/16"));
}

TEST(AddressChoice, InstallationsThatSeeEachOtherShareNothing) {
  // On one machine, each with an engine of its own: only the uplinks are routes of the host.
  TakenRanges machine;
  for (int i = 0; i < 62; ++i) {
    const AddressChoice made = choose(fmt::format("in{:04}", i), machine);
    for (const IpPrefix& other : machine.host) ASSERT_FALSE(made.uplink.overlaps(other)) << i;
    machine.host.push_back(made.uplink);
  }
  EXPECT_FALSE(choose_addresses("onemor", machine));
  // On one engine the pools must not overlap either.
  TakenRanges engine;
  for (int i = 0; i < 3; ++i) {
    const AddressChoice made = choose(fmt::format("in{:04}", i), engine);
    for (const IpPrefix& other : engine.engine) ASSERT_FALSE(made.pool.overlaps(other)) << i;
    engine.engine.push_back(made.pool);
    engine.engine.push_back(made.uplink);
  }
  EXPECT_EQ(choose_addresses("onemor", engine).error().code(), ErrorCode::kExhausted);
}

TEST(AddressChoice, KeepsAwayFromWhatTheMachineUses) {
  const AddressChoice free = choose("ab12cd", {});
  const auto inside = [](const IpPrefix& whole) {
    return IpPrefix(whole.address().plus(0x1234), 32);
  };
  // A single address in either is enough.
  const AddressChoice other = choose("ab12cd", {.host = {inside(free.pool), inside(free.uplink)}});
  EXPECT_FALSE(other.pool.overlaps(free.pool));
  EXPECT_FALSE(other.uplink.overlaps(free.uplink));
  // A default-like route to a company's network leaves everything possible.
  EXPECT_EQ(choose("ab12cd", {.host = {range("10.0.0.0/8")}}), free);
  // Routes into all pools: the one with the fewest.
  const AddressChoice fewest = choose(
      "ab12cd", {.host = {range("10.64.0.0/24"), range("10.65.0.0/24"), range("10.128.0.0/24"),
                          range("10.192.0.0/24"), range("10.193.0.0/24")}});
  EXPECT_EQ(fewest.pool.str(), "10.128.0.0/10");
}

}  // namespace
}  // namespace croft
