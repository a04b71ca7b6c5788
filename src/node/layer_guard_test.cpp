#include "node/layer_guard.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/fake/fake_engine.h"
#include "net/byte_stream.h"

namespace croft::node {
namespace {

constexpr Millis kLimit{1000};

class FakeMeter final : public LayerMeter {
 public:
  Result<std::uint64_t> written(const std::filesystem::path& layer, std::uint64_t) override {
    ++asked;
    const auto found = bytes.find(layer.string());
    if (found == bytes.end()) return fail(ErrorCode::kNotFound, "no such layer");
    return found->second;
  }
  Result<std::uint64_t> free_bytes(const std::filesystem::path&) override { return free; }

  std::map<std::string, std::uint64_t> bytes;
  std::uint64_t free = 100ull << 30;
  std::atomic<int> asked = 0;
};

class LayerGuardTest : public testing::Test {
 protected:
  std::string run_container(const std::string& role, std::uint64_t written,
                            const std::string& volume = "") {
    StringSource tar(std::string(1024, '\0'));
    EXPECT_TRUE(runtime_.run_until_done(engine_.import_image("some:1", tar, {}, kLimit)));
    engine::ContainerSpec spec;
    spec.settings.image = "some:1";
    if (!volume.empty()) {
      spec.settings.mounts.push_back(
          {.kind = engine::Mount::Kind::kVolume, .source = volume, .target = "/data"});
    }
    const auto id = runtime_.run_until_done(engine_.create_container(spec, kLimit));
    EXPECT_TRUE(id);
    EXPECT_TRUE(runtime_.run_until_done(engine_.start_container(*id, kLimit)));
    meter_.bytes["/layers/" + *id] = written;
    containers_.push_back({.id = *id, .role = role, .running = true});
    return *id;
  }
  bool is(engine::ContainerInfo::State state, const std::string& id) {
    cluster_.run_due();
    const auto info = runtime_.run_until_done(engine_.inspect_container(id, kLimit));
    return info && info->state == state;
  }
  bool runs(const std::string& id) { return is(engine::ContainerInfo::State::kRunning, id); }
  bool is_frozen(const std::string& id) { return is(engine::ContainerInfo::State::kPaused, id); }
  void look() { runtime_.run_until_done(look_while_containers_end(this)); }
  static Task<void> look_while_containers_end(LayerGuardTest* test) {
    Group group(test->runtime_);
    bool done = false;
    group.spawn("engine", drive(&test->cluster_, &done));
    co_await test->guard_.look();
    done = true;
    co_await group.join();
  }
  static Task<void> drive(engine::FakeCluster* cluster, const bool* done) {
    while (!*done) {
      cluster->run_due();
      co_await sleep_for(Millis(1));
    }
  }
  std::vector<std::string> marked() {
    guard_.mark(containers_);
    std::vector<std::string> ids;
    for (const ObservedContainer& one : containers_) {
      if (one.disk_full) ids.push_back(one.id);
    }
    return ids;
  }

  Runtime runtime_;
  SystemClock clock_;
  engine::FakeCluster cluster_{clock_, 1};
  engine::FakeEngine engine_{cluster_};
  FakeMeter meter_;
  Signal stopped_one_{runtime_};
  std::vector<ObservedContainer> containers_;
  LayerGuard guard_{runtime_,    engine_, meter_, clock_, [this] { return containers_; },
                    stopped_one_};
};

TEST_F(LayerGuardTest, StopsWhatHasWrittenTooMuchAndSaysSo) {
  const std::string greedy = run_container("runtime", 1001);
  const std::string modest = run_container("managed", 1000);
  const std::string build = run_container("build", 5000);
  const std::string core = run_container("core", 5000);
  guard_.set_limits({.layer = 1000});
  look();
  EXPECT_FALSE(runs(greedy));
  EXPECT_FALSE(runs(build));
  EXPECT_TRUE(runs(modest));
  EXPECT_TRUE(runs(core));
  EXPECT_EQ(marked(), (std::vector{greedy, build}));
  EXPECT_TRUE(runtime_.run_until_done(stopped_one_.wait_for(Millis(0)))) << "it is reported";
  // Forgotten with the container.
  const auto all = std::exchange(containers_, {});
  EXPECT_TRUE(marked().empty());
  containers_ = all;
  EXPECT_TRUE(marked().empty());
}

TEST_F(LayerGuardTest, FreezesWhoseVolumesHoldTooMuchUntilTheLimitIsRaised) {
  const std::string greedy = run_container("managed", 10, "full");
  const std::string modest = run_container("managed", 10, "small");
  meter_.bytes["/volumes/full"] = 1001;
  meter_.bytes["/volumes/small"] = 1000;
  guard_.set_limits({.layer = 5000, .volumes = 1000});
  look();
  EXPECT_TRUE(is_frozen(greedy));
  EXPECT_TRUE(runs(modest));
  guard_.mark(containers_);
  EXPECT_TRUE(containers_[0].volume_full);
  EXPECT_FALSE(containers_[0].disk_full);
  EXPECT_FALSE(containers_[1].volume_full);
  EXPECT_TRUE(runtime_.run_until_done(stopped_one_.wait_for(Millis(0)))) << "it is reported";

  // Another life of the agent knows it again, and lets it go on.
  LayerGuard next(runtime_, engine_, meter_, clock_, [this] { return containers_; }, stopped_one_);
  next.set_limits({.volumes = 1000});
  runtime_.run_until_done(next.look());
  next.mark(containers_);
  EXPECT_TRUE(containers_[0].volume_full);
  next.set_limits({.volumes = 2000});
  runtime_.run_until_done(next.look());
  EXPECT_TRUE(runs(greedy));
  next.mark(containers_);
  EXPECT_FALSE(containers_[0].volume_full);
}

TEST_F(LayerGuardTest, WithoutALimitNothingStaysFrozen) {
  const std::string id = run_container("managed", 10, "full");
  meter_.bytes["/volumes/full"] = 5;
  EXPECT_TRUE(runtime_.run_until_done(engine_.set_paused(id, true, kLimit)));
  guard_.set_limits({.layer = 1000});
  look();
  EXPECT_TRUE(runs(id));
}

TEST_F(LayerGuardTest, WhatCannotBeMeasuredRunsOn) {
  const std::string odd = run_container("runtime", 0);
  meter_.bytes.clear();
  const std::string greedy = run_container("runtime", 2000);
  guard_.set_limits({.layer = 1000});
  look();
  EXPECT_TRUE(runs(odd));
  EXPECT_FALSE(runs(greedy));
}

class FileMeterTest : public testing::Test {
 protected:
  FileMeterTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-layer-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = pattern;
  }
  ~FileMeterTest() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, std::size_t bytes) {
    std::filesystem::create_directories((folder_ / "layer" / name).parent_path());
    std::ofstream(folder_ / "layer" / name) << std::string(bytes, 'x');
  }
  std::uint64_t written(std::uint64_t enough = UINT64_MAX - 1) {
    return meter_.written(folder_ / "layer", enough).value();
  }

  std::filesystem::path folder_;
  FileMeter meter_;
};

TEST_F(FileMeterTest, CountsWhatIsInTheLayerAndNothingElse) {
  write("a/b/file", 300'000);
  const std::uint64_t one = written();
  EXPECT_GE(one, 300'000u);
  EXPECT_LT(one, 400'000u);
  // Beside the layer, and led to by a link.
  std::ofstream(folder_ / "outside") << std::string(1'000'000, 'x');
  std::filesystem::create_symlink(folder_, folder_ / "layer" / "way");
  std::filesystem::create_symlink(folder_ / "outside", folder_ / "layer" / "file");
  EXPECT_LT(written(), one + 20'000);
  // Another name of a file is not another file.
  std::filesystem::create_hard_link(folder_ / "layer/a/b/file", folder_ / "layer/again");
  EXPECT_LT(written(), one + 20'000);
}

TEST_F(FileMeterTest, EmptyFilesCountAndCountingEnds) {
  for (int i = 0; i < 100; ++i) write(std::to_string(i), 0);
  EXPECT_GE(written(), 100u * 1024);
  EXPECT_LT(written(10 * 1024), 20u * 1024);
}

TEST_F(FileMeterTest, AMissingLayerIsAnError) {
  EXPECT_FALSE(meter_.written(folder_ / "nothing", 1000));
  EXPECT_FALSE(meter_.free_bytes(folder_ / "nothing"));
  EXPECT_GT(meter_.free_bytes(folder_).value(), 0u);
}

}  // namespace
}  // namespace croft::node
