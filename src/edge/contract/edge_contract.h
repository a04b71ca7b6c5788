// What every Edge must do. Instantiated with a harness: `Runtime& runtime()`, `Edge& edge()` with
// no configuration yet, `std::string admin_socket()`, `void take_down()`.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "edge/edge.h"
#include "plan/edge_config.h"

namespace croft {

template <class Harness>
class EdgeContract : public testing::Test {
 protected:
  Status apply(std::string config) {
    return harness_.runtime().run_until_done(
        harness_.edge().apply(std::move(config), Millis(20'000)));
  }
  Result<std::string> current() {
    return harness_.runtime().run_until_done(harness_.edge().current(Millis(20'000)));
  }
  // Needs no privileged port and no IPv6.
  std::string config(std::string domain) {
    const auto text = render_edge_config({.platform_domain = domain + ".example.test",
                                          .listen_addresses = {"127.0.0.1"},
                                          .http_port = 18080,
                                          .https_port = 18443,
                                          .admin_socket = harness_.admin_socket(),
                                          .storage_dir = harness_.admin_socket() + ".data",
                                          .routes_dir = harness_.admin_socket() + ".routes",
                                          .resolver_socket = harness_.admin_socket() + ".dns"});
    EXPECT_TRUE(text);
    return text.value_or("");
  }

  Harness harness_;
};

TYPED_TEST_SUITE_P(EdgeContract);

TYPED_TEST_P(EdgeContract, StartsWithNothing) {
  const auto current = this->current();
  ASSERT_TRUE(current) << current.error().describe();
  EXPECT_EQ(*current, "");
}

TYPED_TEST_P(EdgeContract, WorksByTheLastConfiguration) {
  for (const char* domain : {"api", "web", "web"}) {
    const auto applied = this->apply(this->config(domain));
    ASSERT_TRUE(applied) << applied.error().describe();
    const auto current = this->current();
    ASSERT_TRUE(current) << current.error().describe();
    EXPECT_TRUE(same_edge_config(*current, this->config(domain))) << *current;
  }
}

TYPED_TEST_P(EdgeContract, KeepsTheOldOneWhenTheNewOneIsRefused) {
  ASSERT_TRUE(this->apply(this->config("api")));
  for (const char* bad : {"", "{", "[]", R"({"apps":{"nonsense":{}}})", R"({"apps":{"http":7}})"}) {
    const auto refused = this->apply(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalid) << refused.error().describe();
    EXPECT_TRUE(same_edge_config(this->current().value_or(""), this->config("api"))) << bad;
  }
}

TYPED_TEST_P(EdgeContract, SaysWhenItIsDown) {
  this->harness_.take_down();
  EXPECT_EQ(this->current().error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(this->apply(this->config("api")).error().code(), ErrorCode::kUnavailable);
}

REGISTER_TYPED_TEST_SUITE_P(EdgeContract, StartsWithNothing, WorksByTheLastConfiguration,
                            KeepsTheOldOneWhenTheNewOneIsRefused, SaysWhenItIsDown);

}  // namespace croft
