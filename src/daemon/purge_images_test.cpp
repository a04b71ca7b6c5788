#include "daemon/purge.h"

#include <gmock/gmock.h>

#include "engine/fake/fake_engine.h"
#include "net/byte_stream.h"

namespace croft {
namespace {

constexpr Millis kLimit{1000};

class PurgeImages : public testing::Test {
 protected:
  std::string image(const std::string& tag, const std::string& maker,
                    const std::string& role = "image") {
    StringSource tar(std::string(1024, '\0'));
    const engine::ImageConfig config{.labels = {{"croft.install", maker}, {"croft.role", role}}};
    const auto id = runtime_.run_until_done(engine_.import_image(tag, tar, config, kLimit));
    EXPECT_TRUE(id);
    return id ? *id : "";
  }
  void tag(const std::string& id, const std::string& name) {
    EXPECT_TRUE(runtime_.run_until_done(engine_.tag_image(id, name, kLimit)));
  }
  std::vector<std::string> tags() {
    std::vector<std::string> all;
    const auto images = runtime_.run_until_done(engine_.list_images({}, kLimit));
    EXPECT_TRUE(images);
    for (const engine::ImageInfo& one : *images) {
      all.insert(all.end(), one.tags.begin(), one.tags.end());
    }
    return all;
  }
  void purge(const std::string& install) {
    const Status done = runtime_.run_until_done(purge_engine(runtime_, engine_, Names(install)));
    EXPECT_TRUE(done) << done.error().describe();
  }

  Runtime runtime_;
  SystemClock clock_;
  engine::FakeCluster cluster_{clock_, 1};
  engine::FakeEngine engine_{cluster_};
};

TEST_F(PurgeImages, TakesItsOwnNamesOfImagesAndNoneOfAnotherInstallation) {
  // Made by one, used by both; made by the other, used by both; each one's app; and not croft's.
  tag(image("croft.invalid/aaaaaa/core:1", "aaaaaa"), "croft.invalid/bbbbbb/core:1");
  tag(image("croft.invalid/bbbbbb/edge:1", "bbbbbb"), "croft.invalid/aaaaaa/edge:1");
  image("croft-aaaaaa-app:v", "aaaaaa");
  image("croft-bbbbbb-app:v", "bbbbbb");
  image("croft-aaaaaa-buildcache:s-built", "aaaaaa", "build");  // made of a build's container
  image("croft.invalid/base:1", "aaaaaa");  // by a croft before names were an installation's
  image("somebody/else:1", "aaaaaa");
  purge("aaaaaa");
  EXPECT_THAT(tags(), testing::UnorderedElementsAre("croft.invalid/bbbbbb/core:1",
                                                    "croft.invalid/bbbbbb/edge:1",
                                                    "croft-bbbbbb-app:v", "somebody/else:1"));
  purge("bbbbbb");
  EXPECT_THAT(tags(), testing::ElementsAre("somebody/else:1"));
}

}  // namespace
}  // namespace croft
