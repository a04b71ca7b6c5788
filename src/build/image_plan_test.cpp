#include "build/image_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "build/image_hash.h"

namespace croft::build {
namespace {

using catalog::ImageKind;
using testing::ElementsAre;
using testing::HasSubstr;

const catalog::Catalog& shipped_catalog() {
  static const auto catalog = catalog::Catalog::load(CROFT_SOURCE_DIR "/catalog");
  if (!catalog) ADD_FAILURE() << catalog.error().describe();
  return *catalog;
}

const RecipeSet& shipped_recipes() {
  static const auto recipes = RecipeSet::load(CROFT_SOURCE_DIR "/images");
  if (!recipes) ADD_FAILURE() << recipes.error().describe();
  return *recipes;
}

const ImagePlanInputs kInputs{
    .binary_hashes = {{"croft-init", "aaaa"}, {"croft-core", "bbbb"}, {"croft-keep", "dddd"}}};

Result<ImagePlan> plan(const std::vector<std::string>& names, ImageKind kind,
                       const ImagePlanInputs& inputs = kInputs,
                       const RecipeSet& recipes = shipped_recipes()) {
  std::vector<catalog::Resolved> types;
  for (const std::string& name : names) {
    const auto role =
        kind == ImageKind::kBuild ? spec::TypeRole::kBuildBase : spec::TypeRole::kService;
    auto found = shipped_catalog().find(name, {.role = role, .internal = true});
    if (!found) return fail(found.error());
    types.push_back(*found);
  }
  return plan_image(recipes, types, kind, inputs);
}

std::vector<std::string> titles(const ImagePlan& plan) {
  std::vector<std::string> result;
  for (const ImageStep& step : plan.steps) result.push_back(step.title);
  return result;
}

TEST(ImagePlan, AnInstallationHasNamesOfItsOwnForTheSameContent) {
  const auto shared = plan({"php-nginx@8.4"}, ImageKind::kRun);
  ASSERT_TRUE(shared) << shared.error().describe();
  ImagePlan own = *shared;
  name_for_installation(own, "ab12cd");
  std::set<std::string> made;
  for (std::size_t i = 0; i < own.steps.size(); ++i) {
    const ImageStep& step = own.steps[i];
    EXPECT_EQ(step.hash, shared->steps[i].hash);
    EXPECT_EQ(step.number, static_cast<int>(i) + 1);
    EXPECT_THAT(step.tag, testing::StartsWith("croft.invalid/ab12cd/"));
    EXPECT_EQ(content_tag(step.tag), shared->steps[i].tag);
    EXPECT_EQ(content_tag(shared->steps[i].tag), shared->steps[i].tag);
    // What a step stands on or takes files from is found under the installation's names.
    if (step.kind != ImageStep::Kind::kBase) EXPECT_TRUE(made.contains(step.parent_tag));
    for (const auto& [name, value] : step.args) {
      if (value.starts_with("croft.invalid")) EXPECT_TRUE(made.contains(value)) << value;
    }
    made.insert(step.tag);
  }
  EXPECT_EQ(content_tag("debian:trixie"), "debian:trixie");
  EXPECT_EQ(content_tag("croft-ab12cd-app:1"), "croft-ab12cd-app:1");
}

TEST(ImagePlan, EveryTypeOfTheCatalogHasOne) {
  std::set<std::string> tags;
  for (const auto& type : shipped_catalog().types()) {
    for (const catalog::TypeVersion& version : type->versions) {
      for (const ImageKind kind : {ImageKind::kRun, ImageKind::kBuild}) {
        if ((kind == ImageKind::kRun ? type->run_recipe : type->build_recipe).empty()) continue;
        const auto made = plan({type->name + "@" + version.version}, kind);
        ASSERT_TRUE(made) << made.error().describe();
        EXPECT_TRUE(tags.insert(made->image().tag).second) << made->image().tag;
        // Names that no public registry can answer, in the form the engine accepts.
        EXPECT_THAT(made->image().tag,
                    testing::MatchesRegex("croft\\.invalid/[a-z0-9-]+:[a-z0-9.-]+"));
      }
    }
  }
}

TEST(ImagePlan, StepsComeInTheOrderTheyAreNeeded) {
  const auto made = plan({"nodejs@22"}, ImageKind::kRun);
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_THAT(titles(*made), ElementsAre("Debian trixie", "runtime on trixie", "tools on trixie",
                                         "nodejs on trixie, run", "nodejs@22 (run)"));
  std::set<std::string> done;
  for (const ImageStep& step : made->steps) {
    if (step.kind != ImageStep::Kind::kBase) EXPECT_TRUE(done.contains(step.parent_tag));
    if (step.args.contains("FETCH")) EXPECT_TRUE(done.contains(step.args.at("FETCH")));
    done.insert(step.tag);
  }
  EXPECT_EQ(made->image().title, "nodejs@22 (run)");
  EXPECT_THAT(made->image().config.entrypoint, ElementsAre("/croft/init"));
}

TEST(ImagePlan, SeveralBuildBasesShareOneImage) {
  const auto made = plan({"php@8.4", "nodejs@22"}, ImageKind::kBuild);
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_THAT(titles(*made), ElementsAre("Debian trixie", "runtime on trixie", "tools on trixie",
                                         "php on trixie, build", "nodejs on trixie, build",
                                         "php@8.4 + nodejs@22 (build)"));
  // What goes with every suite follows the one that does not.
  const auto old = plan({"nodejs@22", "php@8.2"}, ImageKind::kBuild);
  ASSERT_TRUE(old);
  EXPECT_EQ(old->image().suite, "bookworm");
  const auto mixed = plan({"python@3.11", "php@8.4"}, ImageKind::kBuild);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(mixed.error().message(), HasSubstr("cannot share one build container"));
}

TEST(ImagePlan, CroftsOwnProgramsChangeTheLastLayerOnly) {
  ImagePlanInputs other = kInputs;
  other.binary_hashes["croft-init"] = "cccc";
  const auto before = plan({"static"}, ImageKind::kRun);
  const auto after = plan({"static"}, ImageKind::kRun, other);
  ASSERT_TRUE(before && after);
  ASSERT_EQ(before->steps.size(), after->steps.size());
  for (std::size_t i = 0; i + 1 < before->steps.size(); ++i)
    EXPECT_EQ(before->steps[i].tag, after->steps[i].tag);
  EXPECT_NE(before->image().tag, after->image().tag);
}

TEST(ImagePlan, ThePinChangesEverything) {
  ImagePlanInputs other = kInputs;
  other.pin = "2026-11-21";
  const auto before = plan({"static"}, ImageKind::kRun);
  const auto after = plan({"static"}, ImageKind::kRun, other);
  ASSERT_TRUE(before && after);
  for (std::size_t i = 0; i < before->steps.size(); ++i)
    EXPECT_NE(before->steps[i].tag, after->steps[i].tag);
}

class RecipeFolder : public testing::Test {
 protected:
  RecipeFolder() {
    root_ = testing::TempDir() + "/recipes-" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    write("lib/helper", "#!/bin/sh\n");
  }
  ~RecipeFolder() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void write_shipped_names() {
    for (const auto& [name, recipe] : shipped_recipes().recipes()) {
      write(name + "/recipe.yml", "parent: suite\n");
      write(name + "/Dockerfile", "FROM x\n");
    }
  }

  std::filesystem::path root_;
};

TEST_F(RecipeFolder, EveryFileOfTheRecipeIsInTheHash) {
  write_shipped_names();
  const auto tag = [&] {
    const auto recipes = RecipeSet::load(root_);
    const auto made = plan({"static"}, ImageKind::kRun, kInputs, *recipes);
    return made->image().tag;
  };
  std::set<std::string> tags{tag()};
  EXPECT_FALSE(tags.insert(tag()).second) << "the same content has the same name";
  write("static/Dockerfile", "FROM y\n");
  EXPECT_TRUE(tags.insert(tag()).second);
  write("static/rootfs/etc/a", "1");
  EXPECT_TRUE(tags.insert(tag()).second);
  std::filesystem::permissions(root_ / "static/rootfs/etc/a", std::filesystem::perms::owner_all);
  EXPECT_TRUE(tags.insert(tag()).second);
  write("lib/helper", "#!/bin/bash\n");
  EXPECT_TRUE(tags.insert(tag()).second);
  write("nodejs/Dockerfile", "FROM y\n");
  EXPECT_FALSE(tags.insert(tag()).second) << "another recipe does not matter";
}

TEST_F(RecipeFolder, WrongRecipesAreRefused) {
  write("a/recipe.yml", "parent: b\n");
  write("a/Dockerfile", "FROM x\n");
  EXPECT_THAT(RecipeSet::load(root_).error().message(), HasSubstr("there is no recipe b"));
  write("b/recipe.yml", "parent: a\n");
  EXPECT_THAT(RecipeSet::load(root_).error().message(), HasSubstr("images/b has no Dockerfile"));
  write("b/Dockerfile", "FROM x\n");
  EXPECT_THAT(RecipeSet::load(root_).error().message(), HasSubstr("circle"));
  write("b/recipe.yml", "parent: suite\npackages: [x]\n");
  const auto unknown = RecipeSet::load(root_);
  ASSERT_FALSE(unknown);
  ASSERT_EQ(unknown.error().fields().size(), 1u);
  EXPECT_EQ(unknown.error().fields()[0].line, 2);
}

TEST(ContentHash, AFileCountsAsItsContent) {
  const std::filesystem::path file = CROFT_SOURCE_DIR "/catalog/nodejs.yml";
  std::ifstream stream(file);
  const std::string content{std::istreambuf_iterator<char>(stream), {}};
  ASSERT_FALSE(content.empty());
  ContentHash of_file;
  ASSERT_TRUE(of_file.add_file(file));
  EXPECT_EQ(of_file.finish(), ContentHash().add(content).finish());
  EXPECT_FALSE(ContentHash().add_file(file.parent_path() / "absent"));
}

TEST(ContentHash, TextsDoNotRunTogether) {
  EXPECT_NE(ContentHash().add("ab").add("c").finish(), ContentHash().add("a").add("bc").finish());
  EXPECT_EQ(ContentHash().add("abc").finish().size(), 16u);
}

TEST(MakeTar, SameFilesSameBytes) {
  const ContextFiles files{{"Dockerfile", {.content = "FROM x\n"}},
                           {"rootfs/bin/zsc", {.link_to = "/croft/init"}},
                           {"run.sh", {.content = "#!/bin/sh\n", .executable = true}}};
  const auto one = make_tar(files);
  const auto two = make_tar(files);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(*one, *two);
  EXPECT_EQ(one->size() % 512, 0u);
  EXPECT_THAT(*one, HasSubstr("rootfs/bin/zsc"));
}

}  // namespace
}  // namespace croft::build
