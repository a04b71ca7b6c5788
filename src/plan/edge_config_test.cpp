#include "plan/edge_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace croft {
namespace {

using testing::HasSubstr;
using testing::Not;

EdgeSettings settings_of(std::string domain) {
  return {.platform_domain = std::move(domain),
          .listen_addresses = {"192.0.2.1", "2001:db8::1"},
          .admin_socket = "/croft/edge/admin.sock",
          .storage_dir = "/croft/edge/data",
          .routes_dir = "/croft/edge/routes",
          .resolver_socket = "/croft/edge/dns.sock"};
}

TEST(EdgeConfig, IsTheGoldenOne) {
  const auto config = render_edge_config(settings_of("apps.example.test"));
  ASSERT_TRUE(config) << config.error().describe();
  const auto golden = read_file(CROFT_SOURCE_DIR "/tests/data/edge/wildcard.json");
  ASSERT_TRUE(golden);
  EXPECT_TRUE(same_edge_config(*config, *golden)) << *config;
}

TEST(EdgeConfig, OfADomainOfOneLabelAsksItselfForCertificates) {
  EdgeSettings settings = settings_of("localhost");
  settings.listen_addresses.clear();
  settings.http_port = 8080;
  settings.access_log = "/croft/edge/access.log";
  const auto config = render_edge_config(settings);
  ASSERT_TRUE(config) << config.error().describe();
  const auto golden = read_file(CROFT_SOURCE_DIR "/tests/data/edge/one_label.json");
  ASSERT_TRUE(golden);
  EXPECT_TRUE(same_edge_config(*config, *golden)) << *config;
  // Clients refuse a wildcard there.
  EXPECT_THAT(*config, HasSubstr(R"("automate":["localhost"])"));
  EXPECT_THAT(*config, HasSubstr(R"("endpoint":"http://127.0.0.1:8080/)"));
}

TEST(EdgeConfig, WithAWildcardNobodyMakesItIssueCertificates) {
  const auto config = render_edge_config(settings_of("apps.example.test"));
  ASSERT_TRUE(config);
  EXPECT_THAT(*config, HasSubstr(R"("automate":["*.apps.example.test","apps.example.test"])"));
  EXPECT_THAT(*config, Not(HasSubstr("on_demand")));
}

TEST(EdgeConfig, AsksItselfWhereItListens) {
  EdgeSettings settings = settings_of("localhost");
  settings.listen_addresses = {"2001:db8::1"};
  const auto config = render_edge_config(settings);
  ASSERT_TRUE(config);
  EXPECT_THAT(*config, HasSubstr(R"("endpoint":"http://[2001:db8::1]:80/)"));
  EXPECT_THAT(*config, HasSubstr(R"("host":["2001:db8::1"])"));
}

TEST(EdgeConfig, RefusesSettingsThatCannotWork) {
  const auto refused = [](auto change) {
    EdgeSettings settings = settings_of("apps.example.test");
    change(settings);
    const auto config = render_edge_config(settings);
    return !config && config.error().code() == ErrorCode::kInvalid;
  };
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.platform_domain = "{env.X}"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.listen_addresses = {"localhost"}; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.https_port = s.http_port; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.admin_socket = "relative.sock"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.admin_socket = "/a|0777"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.admin_socket = "/" + std::string(100, 'a'); }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.storage_dir = "/{env.HOME}"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.routes_dir = "/{http.request.host}"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.routes_dir = ""; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.resolver_socket = "dns.sock"; }));
  EXPECT_TRUE(refused([](EdgeSettings& s) { s.resolver_socket = "/" + std::string(100, 'a'); }));
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
