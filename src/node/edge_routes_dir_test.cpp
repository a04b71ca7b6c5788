#include "node/edge_routes_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"

namespace croft::node {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kCore = "fd123456789a00000000000000020001";

EdgeRoute route(const std::string& service, int port = 80) {
  return {.host = service + "-shop.example.test",
          .project = "shop",
          .service = service,
          .port = static_cast<std::uint16_t>(port),
          .core = "fd12:3456:789a::2:1"};
}

class EdgeRoutesDirTest : public testing::Test {
 protected:
  EdgeRoutesDirTest() {
    std::string pattern = testing::TempDir() + "routes-XXXXXX";
    home_ = mkdtemp(pattern.data());
    directory_ = home_ / "edge" / "routes";
    routes_.emplace(directory_);
  }
  ~EdgeRoutesDirTest() override { fs::remove_all(home_); }

  Status apply(const std::vector<EdgeRoute>& routes, bool look = false) {
    return routes_->apply(routes, look);
  }
  // "host/file", sorted.
  std::vector<std::string> held() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
      if (entry.is_directory() && !fs::is_empty(entry.path())) continue;
      all.push_back(fs::relative(entry.path(), directory_).string());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  static std::string path(const std::string& service, int port = 80) {
    return service + "-shop.example.test/" + service + ".shop." + std::to_string(port) + "." +
           kCore;
  }

  fs::path home_;
  fs::path directory_;
  std::optional<EdgeRoutesDir> routes_;
};

TEST_F(EdgeRoutesDirTest, HoldsWhatIsWantedAndNothingElse) {
  ASSERT_TRUE(apply({route("web"), route("api", 3000)}));
  EXPECT_THAT(held(), ElementsAre(path("api", 3000), path("web")));
  ASSERT_TRUE(apply({route("api", 3001), route("new")}));
  EXPECT_THAT(held(), ElementsAre(path("api", 3001), path("new")));
  ASSERT_TRUE(apply({}));
  EXPECT_THAT(held(), IsEmpty());
}

TEST_F(EdgeRoutesDirTest, TouchesOnlyWhatDiffers) {
  ASSERT_TRUE(apply({route("web"), route("api")}));
  const fs::path kept = directory_ / path("web");
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(5);
  fs::last_write_time(kept, old);
  fs::last_write_time(kept.parent_path(), old);
  ASSERT_TRUE(apply({route("web"), route("other")}, true));
  EXPECT_EQ(fs::last_write_time(kept), old);
  EXPECT_EQ(fs::last_write_time(kept.parent_path()), old);
}

TEST_F(EdgeRoutesDirTest, AnAgentThatStartsTakesOverWhatIsThere) {
  ASSERT_TRUE(apply({route("web"), route("gone")}));
  ASSERT_TRUE(make_directories(directory_ / "empty.example.test"));
  ASSERT_TRUE(write_file_atomically(directory_ / "stray", "x"));
  routes_.emplace(directory_);
  ASSERT_TRUE(apply({route("web"), route("api")}));
  EXPECT_THAT(held(), ElementsAre(path("api"), path("web")));
}

TEST_F(EdgeRoutesDirTest, WhatSomebodyRemovedComesBackWhenItLooks) {
  ASSERT_TRUE(apply({route("web")}));
  fs::remove_all(directory_ / "web-shop.example.test");
  ASSERT_TRUE(apply({route("web")}));
  EXPECT_THAT(held(), IsEmpty());
  ASSERT_TRUE(apply({route("web")}, true));
  EXPECT_THAT(held(), ElementsAre(path("web")));
}

TEST_F(EdgeRoutesDirTest, AfterAFailureItLooksAgain) {
  ASSERT_TRUE(apply({route("web")}));
  ASSERT_TRUE(write_file_atomically(directory_ / "api-shop.example.test", "in the way"));
  EXPECT_FALSE(apply({route("web"), route("api")}));
  fs::remove(directory_ / "api-shop.example.test");
  fs::remove_all(directory_ / "web-shop.example.test");
  ASSERT_TRUE(apply({route("web"), route("api")}));
  EXPECT_THAT(held(), ElementsAre(path("api"), path("web")));
}

TEST_F(EdgeRoutesDirTest, WhatIsNoRouteIsLeftOutAndAHostIsServedOnce) {
  EdgeRoute bad = route("bad");
  bad.host = "../elsewhere";
  EdgeRoute second = route("second");
  second.host = route("web").host;
  ASSERT_TRUE(apply({route("web"), bad, second}));
  EXPECT_THAT(held(), ElementsAre(path("web")));
  EXPECT_FALSE(fs::exists(directory_ / ".." / "elsewhere"));
}

}  // namespace
}  // namespace croft::node
