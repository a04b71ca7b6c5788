#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file.h"
#include "edge/contract/edge_contract.h"
#include "edge/edge_directory.h"
#include "edge/edge_service.h"
#include "edge/fake/fake_edge.h"

namespace croft {
namespace {

class FakeHarness {
 public:
  Runtime& runtime() { return runtime_; }
  Edge& edge() { return edge_; }
  std::string admin_socket() const { return "/nowhere/admin.sock"; }
  void take_down() { edge_.set_available(false); }

 private:
  Runtime runtime_;
  FakeEdge edge_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Fake, EdgeContract, FakeHarness);

TEST(FakeEdge, CountsChangesOnly) {
  Runtime runtime;
  FakeEdge edge;
  const auto apply = [&](std::string config) {
    return runtime.run_until_done(edge.apply(std::move(config), Millis(1)));
  };
  EXPECT_TRUE(apply(R"({"apps":{}})"));
  EXPECT_TRUE(apply(R"( {"apps": {}} )"));
  EXPECT_EQ(edge.changes(), 1);
  EXPECT_TRUE(apply("{}"));
  EXPECT_EQ(edge.changes(), 2);
}

TEST(EdgeService, RunsOnEdgeNodesInTheHostsNetworkWithLittlePower) {
  const engine::ServiceSpec spec = edge_service_spec(
      {.install_id = "abc123", .image = "croft/edge:1", .host_directory = "/srv/croft/edge"});
  EXPECT_EQ(spec.name, "croft-abc123-edge");
  EXPECT_TRUE(spec.host_network);
  EXPECT_EQ(spec.replicas, std::nullopt);
  EXPECT_THAT(spec.constraints, testing::ElementsAre("node.labels.croft.edge-abc123==true"));
  EXPECT_EQ(spec.labels.at("croft.install"), "abc123");
  EXPECT_EQ(spec.container.labels.at("croft.role"), "edge");
  EXPECT_THAT(spec.container.command,
              testing::ElementsAre("/croft/keep", "--resolver", "/croft/edge/dns.sock",
                                   "/usr/bin/caddy", "run", "--resume"));
  EXPECT_EQ(spec.container.env.at("CADDY_ADMIN"), "unix//croft/edge/admin.sock|0600");
  EXPECT_THAT(spec.container.capabilities_drop, testing::ElementsAre("ALL"));
  EXPECT_EQ(spec.container.mounts.front().source, "/srv/croft/edge");
  EXPECT_FALSE(spec.update.start_first);
}

TEST(EdgeService, ItsPathsAreGoodSettings) {
  EdgeSettings settings = edge_paths();
  settings.platform_domain = "example.test";
  EXPECT_TRUE(render_edge_config(settings));
}

class EdgeDirectory : public testing::Test {
 protected:
  EdgeDirectory() {
    std::string pattern = testing::TempDir() + "edge-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    saved_ = directory_ / "config" / "caddy" / "autosave.json";
  }
  ~EdgeDirectory() override { std::filesystem::remove_all(directory_); }

  void save(std::string_view text) {
    ASSERT_TRUE(make_directories(saved_.parent_path()));
    ASSERT_TRUE(write_file_atomically(saved_, text));
  }

  std::filesystem::path directory_;
  std::filesystem::path saved_;
};

TEST_F(EdgeDirectory, IsMadeForRootOnly) {
  ASSERT_TRUE(prepare_edge_directory(directory_ / "edge"));
  struct stat info{};
  ASSERT_EQ(stat((directory_ / "edge" / "data").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0700u);
  EXPECT_TRUE(std::filesystem::is_directory(directory_ / "edge" / "config"));
}

TEST_F(EdgeDirectory, KeepsAWholeConfigurationAndDropsABrokenOne) {
  save(R"({"apps":{}})");
  ASSERT_TRUE(prepare_edge_directory(directory_));
  EXPECT_TRUE(std::filesystem::exists(saved_));
  save(R"({"apps":{)");
  ASSERT_TRUE(prepare_edge_directory(directory_));
  EXPECT_FALSE(std::filesystem::exists(saved_));
  ASSERT_TRUE(prepare_edge_directory(directory_));
}

}  // namespace
}  // namespace croft
