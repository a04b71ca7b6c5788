#include "plan/edge_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/value.hpp>

#include "base/file.h"

namespace croft {
namespace {

using testing::HasSubstr;
using testing::Not;

EdgeRoute route(std::string host, std::string project, std::string service, int port) {
  return {.hosts = {std::move(host)},
          .project = std::move(project),
          .service = std::move(service),
          .port = static_cast<std::uint16_t>(port),
          .resolver = "fd12:3456:789a::2:1"};
}

EdgeDesired two_services() {
  EdgeDesired desired;
  desired.settings = {.platform_domain = "apps.example.test",
                      .listen_addresses = {"192.0.2.1", "2001:db8::1"},
                      .admin_socket = "/croft/edge/admin.sock",
                      .storage_dir = "/croft/edge/data"};
  EdgeRoute files = route("web-shop.apps.example.test", "shop", "files", 9000);
  files.path_prefix = "/files/public";
  EdgeRoute own_domain = route("web-shop.apps.example.test", "shop", "web", 80);
  own_domain.hosts.emplace_back("shop.example.org");
  desired.routes = {own_domain, files};
  return desired;
}

EdgeDesired with_route(EdgeRoute changed) {
  EdgeDesired desired = two_services();
  desired.routes = {std::move(changed)};
  return desired;
}

TEST(EdgeConfig, IsTheGoldenOne) {
  const auto config = render_edge_config(two_services());
  ASSERT_TRUE(config) << config.error().describe();
  const auto golden = read_file(CROFT_SOURCE_DIR "/tests/data/edge/two_services.json");
  ASSERT_TRUE(golden);
  EXPECT_TRUE(same_edge_config(*config, *golden)) << *config;
}

TEST(EdgeConfig, WithoutRoutesStillAnswers) {
  EdgeDesired desired = two_services();
  desired.routes.clear();
  desired.settings.listen_addresses.clear();
  desired.settings.access_log = "/croft/edge/access.log";
  const auto config = render_edge_config(desired);
  ASSERT_TRUE(config) << config.error().describe();
  const auto golden = read_file(CROFT_SOURCE_DIR "/tests/data/edge/no_routes.json");
  ASSERT_TRUE(golden);
  EXPECT_TRUE(same_edge_config(*config, *golden)) << *config;
}

TEST(EdgeConfig, DoesNotDependOnTheOrderOfRoutes) {
  EdgeDesired desired = two_services();
  for (const char* name : {"a", "b", "c"}) {
    desired.routes.push_back(route(std::string(name) + "-x.apps.example.test", "x", name, 3000));
  }
  const auto first = render_edge_config(desired);
  ASSERT_TRUE(first);
  std::reverse(desired.routes.begin(), desired.routes.end());
  std::reverse(desired.routes.back().hosts.begin(), desired.routes.back().hosts.end());
  EXPECT_EQ(*render_edge_config(desired), *first);
}

TEST(EdgeConfig, PutsTheLongerPathFirst) {
  const auto config = render_edge_config(two_services());
  ASSERT_TRUE(config);
  EXPECT_LT(config->find("files.shop.croft"), config->find("web.shop.croft"));
}

TEST(EdgeConfig, NamesUnderADomainOfOneLabelGetTheirOwnCertificates) {
  EdgeDesired desired = with_route(route("web-shop.localhost", "shop", "web", 80));
  desired.settings.platform_domain = "localhost";
  const auto config = render_edge_config(desired);
  ASSERT_TRUE(config);
  EXPECT_THAT(*config, HasSubstr(R"(["localhost","web-shop.localhost"])"));
  EXPECT_THAT(*config, Not(HasSubstr("*.localhost")));
}

TEST(EdgeConfig, RefusesTwoRoutesForOneNameAndPath) {
  EdgeDesired desired = two_services();
  desired.routes.push_back(route("shop.example.org", "other", "web", 80));
  const auto config = render_edge_config(desired);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(config.error().message(), HasSubstr("shop.example.org/"));
  EXPECT_THAT(config.error().message(), HasSubstr("shop/web"));
  EXPECT_THAT(config.error().message(), HasSubstr("other/web"));
}

TEST(EdgeConfig, RefusesTextThatCaddyWouldExpand) {
  const EdgeRoute good = route("web-shop.apps.example.test", "shop", "web", 80);
  ASSERT_TRUE(render_edge_config(with_route(good)));
  for (const char* host : {"{env.HOME}", "a.{http.request.host}", "*.example.org", "A.org", ""}) {
    EdgeRoute bad = good;
    bad.hosts = {host};
    EXPECT_FALSE(render_edge_config(with_route(bad))) << host;
  }
  for (const char* path : {"", "api", "/api/", "//api", "/{env.HOME}", "/a*", "/a%2f", "/a b"}) {
    EdgeRoute bad = good;
    bad.path_prefix = path;
    EXPECT_FALSE(render_edge_config(with_route(bad))) << path;
  }
  for (const char* resolver : {"", "10.0.0.1", "dns.example.org", "fd00::1]:53", "{x}"}) {
    EdgeRoute bad = good;
    bad.resolver = resolver;
    EXPECT_FALSE(render_edge_config(with_route(bad))) << resolver;
  }
  EdgeRoute nameless = good;
  nameless.project = "{shop}";
  EXPECT_FALSE(render_edge_config(with_route(nameless)));
  nameless = good;
  nameless.hosts.clear();
  EXPECT_FALSE(render_edge_config(with_route(nameless)));
  nameless = good;
  nameless.port = 0;
  EXPECT_FALSE(render_edge_config(with_route(nameless)));
}

TEST(EdgeConfig, RefusesSettingsThatCannotWork) {
  const auto refused = [](auto change) {
    EdgeDesired desired = two_services();
    change(desired.settings);
    const auto config = render_edge_config(desired);
    return !config && config.error().code() == ErrorCode::kInvalid;
  };
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.platform_domain = "{env.X}"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.listen_addresses = {"localhost"}; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.https_port = s.http_port; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.admin_socket = "relative.sock"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.admin_socket = "/a|0777"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.admin_socket = "/" + std::string(100, 'a'); }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.storage_dir = "/{env.HOME}"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.access_log = "log"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.stream_close_delay_s = -1; }));
}

TEST(EdgeConfig, ComparesAsValues) {
  EXPECT_TRUE(same_edge_config(R"({"a":1,"b":[2]})", R"( {"b":[2], "a":1} )"));
  EXPECT_FALSE(same_edge_config(R"({"a":1})", R"({"a":2})"));
  EXPECT_FALSE(same_edge_config("", ""));
}

}  // namespace
}  // namespace croft
