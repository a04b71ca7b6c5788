#include "plan/edge_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace croft {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

class EdgeRoutesTest : public testing::Test {
 protected:
  Service& add_service(const std::string& project, const std::string& hostname, int port) {
    auto at = std::find_if(projects_.begin(), projects_.end(),
                           [&](const Project& p) { return p.name == project; });
    if (at == projects_.end()) {
      const int number = static_cast<int>(projects_.size()) + 3;
      projects_.push_back(
          {.id = ProjectId::generate(random_), .name = project, .network_number = number});
      at = projects_.end() - 1;
    }
    services_.push_back({.id = ServiceId::generate(random_),
                         .project_id = at->id,
                         .hostname = hostname,
                         .ports = {{.port = static_cast<std::uint16_t>(port), .http = true}}});
    services_.back().subdomain_enabled = true;
    return services_.back();
  }
  std::vector<EdgeRoute> routes() const {
    return edge_routes(addresses_, projects_, services_, "apps.example.test");
  }

  SeededRandom random_{1};
  AddressPlan addresses_ = AddressPlan::create("fd11:2233:4455::/48").value();
  std::vector<Project> projects_;
  std::vector<Service> services_;
};

TEST_F(EdgeRoutesTest, OnePerNameOrderedByName) {
  services_.reserve(4);
  add_service("shop", "web", 80);
  add_service("blog", "api", 3000);
  EXPECT_THAT(routes(), ElementsAre(EdgeRoute{.host = "api-blog.apps.example.test",
                                              .project = "blog",
                                              .service = "api",
                                              .port = 3000,
                                              .core = addresses_.core_uplink(4).v6.str()},
                                    EdgeRoute{.host = "web-shop.apps.example.test",
                                              .project = "shop",
                                              .service = "web",
                                              .port = 80,
                                              .core = addresses_.core_uplink(3).v6.str()}));
}

TEST_F(EdgeRoutesTest, OnlyWhatIsSwitchedOnAndSpeaksHttp) {
  services_.reserve(4);
  add_service("shop", "web", 80).subdomain_enabled = false;
  add_service("shop", "db", 5432).ports[0].http = false;
  EXPECT_THAT(routes(), IsEmpty());
  services_[0].subdomain_enabled = true;
  projects_.clear();
  EXPECT_THAT(routes(), IsEmpty()) << "its project is not known";
}

TEST_F(EdgeRoutesTest, AServiceWithoutPossibleNamesKeepsNobodyFromTheirs) {
  services_.reserve(4);
  add_service("shop", "odd", 80).ports.push_back({.port = 9, .http = true});
  add_service("shop", "web", 80);
  EXPECT_THAT(routes(), ElementsAre(Field(&EdgeRoute::service, "web")));
}

EdgeRoute good_route() {
  return {.host = "web-my-shop.apps.example.test",
          .project = "my-shop",
          .service = "web",
          .port = 8080,
          .core = "fd12:3456:789a::2:1"};
}

TEST(EdgeRouteFile, SaysEverything) {
  EXPECT_EQ(edge_route_file(good_route()).value(),
            "web.my-shop.8080.fd123456789a00000000000000020001");
}

TEST(EdgeRouteFile, RefusesTextThatCaddyWouldExpandAndPaths) {
  const auto refused = [](auto change) {
    EdgeRoute route = good_route();
    change(route);
    const auto file = edge_route_file(route);
    if (!file) EXPECT_THAT(file.error().message(), HasSubstr("route of service"));
    return !file && file.error().code() == ErrorCode::kInvalid;
  };
  for (const char* host :
       {"{env.HOME}", "a.{http.request.host}", "*.example.org", "A.org", "", ".", "..", "a/b"}) {
    EXPECT_TRUE(refused([&](EdgeRoute& r) { r.host = host; })) << host;
  }
  for (const char* core : {"", "10.0.0.1", "dns.example.org", "fd00::1]:53", "{x}"}) {
    EXPECT_TRUE(refused([&](EdgeRoute& r) { r.core = core; })) << core;
  }
  EXPECT_TRUE(refused([](EdgeRoute& r) { r.project = "{shop}"; }));
  EXPECT_TRUE(refused([](EdgeRoute& r) { r.service = "a.b"; }));
  EXPECT_TRUE(refused([](EdgeRoute& r) { r.service = "../a"; }));
  EXPECT_TRUE(refused([](EdgeRoute& r) { r.port = 0; }));
}

}  // namespace
}  // namespace croft
