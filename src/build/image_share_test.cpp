// Two installations on one engine: what one has made, the other finds under a name of its own.
#include <gmock/gmock.h>

#include <cstdlib>

#include "build/image_store.h"
#include "engine/fake/fake_engine.h"

namespace croft::build {
namespace {

constexpr Millis kLimit{1000};
const ImageRequest kRequest{.types = {"static@1.0"}};

class ImageShare : public testing::Test {
 protected:
  ImageShare() {
    char path[] = "/tmp/croft-images-XXXXXX";
    home_ = ::mkdtemp(path);
  }
  ~ImageShare() override { std::filesystem::remove_all(home_); }

  ImageStore store_of(const std::string& install) {
    ImageStoreOptions options;
    options.recipes = CROFT_SOURCE_DIR "/images";
    options.cache = home_ / install;
    options.binaries = home_;
    options.install_id = install;
    options.min_free_bytes = ~0ull;  // an attempt to make anything fails with kExhausted
    return ImageStore(engine_, pool_, catalog_, options);
  }
  // As if the image had been made by `install`; its state.
  ImageState have(const std::string& install, const std::string& suffix = "") {
    ImageStore store = store_of(install);
    const auto states = runtime_.run_until_done(store.list_images());
    EXPECT_TRUE(states) << states.error().describe();
    for (const ImageState& state : *states) {
      if (state.type != "static@1.0" || state.kind != catalog::ImageKind::kRun) continue;
      StringSource tar(std::string(1024, '\0'));
      const engine::ImageConfig config{.labels = {{"croft.install", install},
                                                  {"croft.role", "image"},
                                                  {"croft.image.hash", state.hash}}};
      EXPECT_TRUE(
          runtime_.run_until_done(engine_.import_image(state.tag + suffix, tar, config, kLimit)));
      return state;
    }
    ADD_FAILURE() << "the catalog has no static@1.0";
    return {};
  }

  Runtime runtime_;
  SystemClock clock_;
  Pool pool_{1};
  engine::FakeCluster cluster_{clock_, 1};
  engine::FakeEngine engine_{cluster_};
  catalog::Catalog catalog_ = *catalog::Catalog::load(CROFT_SOURCE_DIR "/catalog");
  std::filesystem::path home_;
};

TEST_F(ImageShare, ANameIsAllThatTheSecondNeeds) {
  const ImageState first = have("aaaaaa");
  ImageStore second = store_of("bbbbbb");
  const auto tag = runtime_.run_until_done(second.ensure_image(kRequest, [](std::string_view) {}));
  ASSERT_TRUE(tag) << tag.error().describe();
  EXPECT_EQ(*tag, installation_tag(content_tag(first.tag), "bbbbbb"));
  const auto mine = runtime_.run_until_done(engine_.inspect_image(*tag, kLimit));
  const auto theirs = runtime_.run_until_done(engine_.inspect_image(first.tag, kLimit));
  ASSERT_TRUE(mine && theirs);
  EXPECT_EQ(mine->id, theirs->id);
  // The first one's name goes, the image stays.
  ASSERT_TRUE(runtime_.run_until_done(engine_.remove_image(first.tag, true, kLimit)));
  EXPECT_TRUE(runtime_.run_until_done(second.ensure_image(kRequest, [](std::string_view) {})));
}

TEST_F(ImageShare, WhatStandsOnAnImageIsNotTheImage) {
  // The image of an app inherits the labels of its base; only a name says what it is.
  have("aaaaaa", "-app");
  ImageStore second = store_of("bbbbbb");
  const auto tag = runtime_.run_until_done(second.ensure_image(kRequest, [](std::string_view) {}));
  ASSERT_FALSE(tag);
  EXPECT_EQ(tag.error().code(), ErrorCode::kExhausted);
}

}  // namespace
}  // namespace croft::build
