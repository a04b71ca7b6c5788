#include "spec/deploy_files.h"

#include <gtest/gtest.h>

namespace croft::spec {
namespace {

// What is stored for `file` when `entry` stands in deployFiles.
std::string stored(std::string_view entry, std::string_view file) {
  const auto parsed = parse_deploy_entry(entry);
  return parsed ? stored_path(*parsed, file) : parsed.error().message();
}

std::string taken(std::string_view entry) {
  const auto parsed = parse_deploy_entry(entry);
  return parsed ? parsed->path : parsed.error().message();
}

TEST(DeployFiles, KeepsPathsInFull) {
  EXPECT_EQ(taken("./dist/"), "dist");
  EXPECT_EQ(stored("./dist/", "dist/js/a.js"), "dist/js/a.js");
  EXPECT_EQ(taken("./"), "");
  EXPECT_EQ(taken("."), "");
  EXPECT_EQ(stored("./", "a/b"), "a/b");
  EXPECT_EQ(taken("/dist"), "dist");
}

TEST(DeployFiles, StripsLeftOfTheTilde) {
  EXPECT_EQ(taken("./dist/~/"), "dist");
  EXPECT_EQ(stored("./dist/~/", "dist/js/a.js"), "js/a.js");
  EXPECT_EQ(stored("./dist/~/", "dist"), "");
  EXPECT_EQ(stored("dist/~", "dist/index.html"), "index.html");
  EXPECT_EQ(taken("path/~/to/file"), "path/to/file");
  EXPECT_EQ(stored("path/~/to/file", "path/to/file"), "to/file");
  EXPECT_EQ(taken("src/assets/~fonts"), "src/assets/fonts");
  EXPECT_EQ(stored("src/assets/~fonts", "src/assets/fonts/a.woff"), "fonts/a.woff");
  EXPECT_EQ(stored("./target/release/~/rust", "target/release/rust"), "rust");
  EXPECT_EQ(stored("./twenty/packages/~/twenty-server/dist/",
                   "twenty/packages/twenty-server/dist/src/main.js"),
            "twenty-server/dist/src/main.js");
  EXPECT_EQ(stored("~/file", "file"), "file");
}

TEST(DeployFiles, StripsWholeStepsOnly) {
  const auto entry = parse_deploy_entry("dist/~/");
  EXPECT_EQ(stored_path(*entry, "distant/file"), "distant/file");
}

TEST(DeployFiles, RefusesTwoTildesAndWaysOut) {
  EXPECT_FALSE(parse_deploy_entry("a/~/b/~").has_value());
  EXPECT_FALSE(parse_deploy_entry("~~").has_value());
  EXPECT_FALSE(parse_deploy_entry("../secret").has_value());
  EXPECT_FALSE(parse_deploy_entry("a/../../b").has_value());
  EXPECT_FALSE(parse_deploy_entry("a/~/../../b").has_value());
  EXPECT_FALSE(parse_deploy_entry("/..").has_value());
  EXPECT_EQ(taken("a/../b"), "b");
}

TEST(DeployFiles, NamesParentDirectories) {
  EXPECT_EQ(parent_directories("a/b/c"), (std::vector<std::string>{"a", "a/b"}));
  EXPECT_TRUE(parent_directories("a").empty());
}

}  // namespace
}  // namespace croft::spec
