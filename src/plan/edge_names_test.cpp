#include "plan/edge_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"
#include "model/project.h"

namespace croft {
namespace {

using testing::ElementsAre;

Port http(int port) {
  return {.port = static_cast<std::uint16_t>(port), .http = true};
}

TEST(EdgeNames, OneHttpPortHasTheShortNameOnly) {
  const auto names =
      edge_names("my-shop", "api", {{.port = 5000}, http(3000)}, "apps.example.test");
  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre(EdgeName{"api-my-shop.apps.example.test", 3000}));
}

TEST(EdgeNames, SeveralHttpPortsHaveNumbersAndTheMainOneAlsoTheShortName) {
  const auto names = edge_names("shop", "api", {http(3000), http(80), http(9000)}, "localhost");
  ASSERT_TRUE(names);
  EXPECT_THAT(*names,
              ElementsAre(EdgeName{"api-shop.localhost", 80}, EdgeName{"api-shop-80.localhost", 80},
                          EdgeName{"api-shop-3000.localhost", 3000},
                          EdgeName{"api-shop-9000.localhost", 9000}));
}

TEST(EdgeNames, NothingForPortsThatDoNotSpeakHttp) {
  const Port udp{.port = 53, .protocol = PortProtocol::kUdp, .http = true};
  const auto names = edge_names("shop", "dns", {udp, {.port = 5432}}, "localhost");
  ASSERT_TRUE(names);
  EXPECT_TRUE(names->empty());
}

TEST(EdgeNames, AProjectThatEndsLikeAPortHasNamesWithPortsOnly) {
  const auto names = edge_names("shop-3000", "api", {http(80)}, "localhost");
  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre(EdgeName{"api-shop-3000-80.localhost", 80}));
  for (const char* like_a_port : {"a-10", "a-65435", "a-b-8080"}) {
    EXPECT_TRUE(project_name_ends_like_a_port(like_a_port)) << like_a_port;
  }
  for (const char* other : {"shop", "shop-2", "a-65436", "a-080", "a-v10", "a10", "a-10b"}) {
    EXPECT_FALSE(project_name_ends_like_a_port(other)) << other;
  }
}

TEST(EdgeNames, RefusesWhatIsNotAName) {
  EXPECT_FALSE(edge_names("{env.HOME}", "api", {http(80)}, "localhost"));
  EXPECT_FALSE(edge_names("shop", "a-b", {http(80)}, "localhost"));
  EXPECT_FALSE(edge_names("shop", "api", {http(80), http(9)}, "localhost"));
  for (const char* bad : {"", ".", "a..b", "-a.b", "a.b.", "A.b", "{x}.b", "a b", "*.b"}) {
    EXPECT_FALSE(edge_names("shop", "api", {http(80)}, bad)) << bad;
  }
}

// Names from few letters and many numbers, so that a collision would be found if there could be
// one.
std::string random_name(Random& random, bool dashes) {
  static const std::vector<std::string> pieces{"a", "b", "80", "10", "3000", "9", "0", "65435"};
  std::string name(1, random.below(2) == 0 ? 'a' : 'b');
  for (std::uint64_t i = random.below(4); i > 0; --i) {
    if (dashes && random.below(2) == 0) name += '-';
    name += pieces[random.below(pieces.size())];
  }
  return name;
}

TEST(EdgeNames, NoTwoServicesEverShareAName) {
  SeededRandom random(20261121);
  static const std::vector<int> numbers{80, 10, 3000, 9000, 65435};
  std::map<std::string, std::string> owner_of;
  std::set<std::string> owners;
  for (int i = 0; i < 60'000; ++i) {
    const std::string project = random_name(random, true);
    const std::string hostname = random_name(random, false);
    if (!valid_project_name(project) || !valid_hostname(hostname)) continue;
    std::vector<Port> ports;
    for (const int number : numbers) {
      if (random.below(2) == 0) ports.push_back(http(number));
    }
    const auto names = edge_names(project, hostname, ports, "example.test");
    ASSERT_TRUE(names) << names.error().describe();
    std::set<std::string> own;
    for (const EdgeName& name : *names) {
      EXPECT_TRUE(own.insert(name.host).second) << name.host;
      EXPECT_LE(name.host.find('.'), 63u);
      const std::string owner = project + "/" + hostname;
      owners.insert(owner);
      const auto [at, fresh] = owner_of.emplace(name.host, owner);
      EXPECT_EQ(at->second, owner) << name.host;
    }
  }
  EXPECT_GT(owners.size(), 5'000u);
}

}  // namespace
}  // namespace croft
