// The rules of builds that need no engine; tests/integration/build has the rest.
#include "build/build_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace croft::build {
namespace {

using testing::ElementsAre;

TEST(CachePaths, MatchPatternsBelowTheSource) {
  const std::vector<std::string> paths = {"a.log",   "dist",          "node_modules",
                                          "vendor",  "vendor/bundle", "vendor/cache",
                                          "sub/out", "node_modules/x"};
  EXPECT_THAT(match_cache_paths({"./node_modules/", "/vendor/*"}, paths),
              ElementsAre("node_modules", "vendor/bundle", "vendor/cache"));
  EXPECT_THAT(match_cache_paths({"vendor", "vendor/cache"}, paths), ElementsAre("vendor"));
  EXPECT_THAT(match_cache_paths({"*.log", "*/out", "nothing"}, paths),
              ElementsAre("a.log", "sub/out"));
  EXPECT_THAT(match_cache_paths({}, paths), ElementsAre());
}

TEST(LayerKey, FollowsWhatTheLayerIsMadeOf) {
  BuildJob job;
  job.image = "i";
  job.config.prepare_commands = {"a", "b"};
  const std::string key = layer_key(job);
  BuildJob same = job;
  same.config.build_commands = {"x"};
  same.env = {{"K", "v"}};
  EXPECT_EQ(layer_key(same), key);
  BuildJob joined = job;
  joined.config.prepare_commands = {"ab"};
  EXPECT_NE(layer_key(joined), key);
  BuildJob cached = job;
  cached.config.cache = true;
  EXPECT_NE(layer_key(cached), key);
  BuildJob other = job;
  other.image = "j";
  EXPECT_NE(layer_key(other), key);
}

TEST(LineCutter, CutsAtLineEndsAndAtItsLimit) {
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
  LineCutter cutter;
  cutter.feed("one\r\ntw", keep);
  cutter.feed("o\n\nopen\xFF", keep);
  EXPECT_THAT(lines, ElementsAre("one", "two", ""));
  cutter.finish(keep);
  EXPECT_EQ(lines.back(), "open\uFFFD");
  lines.clear();
  cutter.feed(std::string(20'000, 'x') + "\nend\n", keep);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].size(), 8192U);
  EXPECT_EQ(lines[2].size(), 20'000U - 2 * 8192U);
  EXPECT_EQ(lines[3], "end");
}

}  // namespace
}  // namespace croft::build
