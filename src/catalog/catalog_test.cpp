#include "catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "catalog/type_file.h"
#include "catalog/version_match.h"

namespace croft::catalog {
namespace {

using spec::TypeRole;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Catalog& shipped() {
  static const Result<Catalog> catalog = Catalog::load(CROFT_SOURCE_DIR "/catalog");
  if (!catalog) ADD_FAILURE() << catalog.error().describe();
  return *catalog;
}

std::string resolve(std::string_view text, FindOptions options = {}) {
  const auto found = shipped().find(text, options);
  return found ? found->canonical() : "error: " + found.error().message();
}

std::vector<std::string> warnings(std::string_view text, FindOptions options = {}) {
  const auto found = shipped().find(text, options);
  return found ? found->warnings : std::vector<std::string>{found.error().message()};
}

TEST(Catalog, ShippedFilesLoadAndNameExistingRecipes) {
  std::set<std::string> names;
  for (const auto& type : shipped().types()) {
    names.insert(type->name);
    for (const std::string& recipe : {type->run_recipe, type->build_recipe}) {
      if (recipe.empty()) continue;
      EXPECT_TRUE(std::filesystem::exists(CROFT_SOURCE_DIR "/images/" + recipe + "/recipe.yml"))
          << type->name << " names the recipe " << recipe;
    }
    // What runs code of users needs a start: of the type, or demanded from them.
    if (type->category == ServiceCategory::kRuntime && !type->run_recipe.empty())
      EXPECT_NE(type->start.empty(), !type->start_required) << type->name;
    if (is_managed(type->category)) {
      EXPECT_THAT(type->volumes, SizeIs(testing::Ge(1u))) << type->name;
      EXPECT_TRUE(type->readiness.has_value()) << type->name;
      EXPECT_FALSE(type->ports.empty()) << type->name;
    }
  }
  EXPECT_THAT(names,
              testing::IsSupersetOf({"nodejs", "go", "python", "php-nginx", "php-apache", "static",
                                     "nginx", "postgresql", "valkey", "core", "edge"}));
}

TEST(Catalog, ExactAliasAndPrefixVersions) {
  EXPECT_EQ(resolve("nodejs@22"), "nodejs@22");
  EXPECT_EQ(resolve("nodejs"), "nodejs@24");
  EXPECT_EQ(resolve("nodejs@latest"), "nodejs@24");
  EXPECT_EQ(resolve("go@1"), "go@1.27");
  EXPECT_EQ(resolve("golang@1", {.role = TypeRole::kBuildBase}), "go@1.27");
  EXPECT_EQ(resolve("go@1.22"), "go@1.22");
  EXPECT_EQ(resolve("nginx@1"), "nginx@1.26");
  EXPECT_EQ(resolve("nginx@1.22"), "nginx@1.22");
  EXPECT_EQ(resolve("static"), "static@1.0");
  EXPECT_EQ(resolve("static@latest"), "static@1.0");
  EXPECT_EQ(resolve("postgresql:single@17"), "postgresql@17");
  EXPECT_EQ(resolve("php@8.4", {.role = TypeRole::kBuildBase}), "php@8.4");
  EXPECT_THAT(warnings("nodejs@22"), IsEmpty());
}

TEST(Catalog, WebServerSuffixIsTakenOffWithAWarning) {
  EXPECT_EQ(resolve("php-nginx@8.4+1.28"), "php-nginx@8.4");
  EXPECT_THAT(warnings("php-nginx@8.4+1.28"), Contains(HasSubstr("web server (1.28)")));
  EXPECT_THAT(resolve("php-apache@8.1+2.4"), HasSubstr("the nearest is php-apache@8.2"));
}

TEST(Catalog, UnknownVersionsNameTheNearestOrTakeIt) {
  EXPECT_THAT(resolve("nodejs@14"), HasSubstr("the nearest is nodejs@18"));
  EXPECT_THAT(resolve("postgresql@16"), HasSubstr("the nearest is postgresql@17"));
  EXPECT_THAT(resolve("nodejs@22.11.1"), HasSubstr("the nearest is nodejs@22"));
  const FindOptions nearest{.nearest = true};
  EXPECT_EQ(resolve("postgresql@16", nearest), "postgresql@17");
  EXPECT_EQ(resolve("python@3.12", nearest), "python@3.13");
  EXPECT_EQ(resolve("valkey@7.2", nearest), "valkey@8");
  EXPECT_THAT(warnings("postgresql@16", nearest), Contains(HasSubstr("postgresql@17 is taken")));
}

TEST(Catalog, UnknownTypesNameTheNearestOrTakeAStandIn) {
  EXPECT_THAT(resolve("nodjs@22"), HasSubstr("the nearest is nodejs"));
  EXPECT_THAT(resolve("keydb@6"), HasSubstr("the nearest is valkey"));
  EXPECT_EQ(resolve("keydb@6", {.nearest = true}), "valkey@8");
  EXPECT_THAT(resolve("nodjs@22", {.nearest = true}), HasSubstr("error"));
  EXPECT_THAT(resolve("no such"), HasSubstr("is not a service type"));
}

TEST(Catalog, ForeignSystemsStandOnDebianWithAWarning) {
  EXPECT_EQ(resolve("ubuntu@22.04"), "debian@12");
  EXPECT_EQ(resolve("ubuntu@24.04"), "debian@13");
  EXPECT_EQ(resolve("alpine@3.20"), "debian@13");
  EXPECT_EQ(resolve("alpine/nodejs@24"), "nodejs@24");
  EXPECT_THAT(warnings("alpine@3.20"), Contains(HasSubstr("apt-get instead of apk")));
  EXPECT_THAT(warnings("alpine/nodejs@24"), Contains(HasSubstr("apt-get instead of apk")));
  EXPECT_THAT(resolve("plan9/nodejs@24"), HasSubstr("no operating system 'plan9'"));
}

TEST(Catalog, RolesAndVariants) {
  EXPECT_THAT(resolve("php@8.4"), HasSubstr("build base only"));
  EXPECT_THAT(resolve("postgresql@17", {.role = TypeRole::kRunBase}), HasSubstr("managed service"));
  EXPECT_THAT(resolve("static", {.role = TypeRole::kBuildBase}), HasSubstr("no build base"));
  EXPECT_THAT(resolve("core"), HasSubstr("no type core"));
  EXPECT_EQ(resolve("core", {.internal = true}), "core@1");
  EXPECT_THAT(resolve("postgresql:ha@17"), HasSubstr("the full catalog with HA"));
  EXPECT_EQ(resolve("postgresql:ha@17", {.nearest = true}), "postgresql@17");
  EXPECT_EQ(resolve("nodejs:ha@22"), "nodejs@22");
  EXPECT_THAT(resolve("postgresql:big@17"), HasSubstr("no variant 'big'"));
}

TEST(Catalog, ResolverAnswersTheParsers) {
  using Verdict = spec::TypeAnswer::Verdict;
  const auto resolver = shipped().resolver();
  const auto ask = [&](std::string_view text, TypeRole role) {
    return resolver(*spec::parse_type_ref(text), role);
  };
  EXPECT_EQ(ask("nodejs@22", TypeRole::kService).verdict, Verdict::kOk);
  const auto version = ask("postgresql@16", TypeRole::kService);
  EXPECT_EQ(version.verdict, Verdict::kUnknownVersion);
  EXPECT_EQ(version.nearest, "postgresql@17");
  const auto type = ask("pyton@3.13", TypeRole::kRunBase);
  EXPECT_EQ(type.verdict, Verdict::kUnknownType);
  EXPECT_EQ(type.nearest, "python");
}

TEST(Catalog, GeneratedVariablesHaveTheDocumentedNames) {
  const auto postgresql = shipped().find("postgresql@17", {});
  ASSERT_TRUE(postgresql);
  std::vector<std::string> names;
  for (const VariableTemplate& variable : postgresql->type->variables)
    names.push_back(variable.name);
  EXPECT_THAT(names, testing::ElementsAre("port", "user", "password", "dbName", "superUser",
                                          "superUserPassword", "connectionString"));
  const auto& connection = postgresql->type->variables.back();
  EXPECT_EQ(connection.value, "postgresql://${user}:${password}@${hostname}:5432");
}

TEST(VersionMatch, ComparesNumberByNumber) {
  EXPECT_LT(compare_versions("1.9", "1.10"), 0);
  EXPECT_EQ(compare_versions("8", "8.0"), 0);
  EXPECT_GT(compare_versions("3.13", "3.9"), 0);
}

constexpr std::string_view kSmall = R"(name: thing
title: Thing
category: runtime
images: { run: thing }
versions:
  - { version: "1" }
)";

TEST(TypeFile, SmallestFile) {
  const auto type = parse_type_file("thing.yml", kSmall);
  ASSERT_TRUE(type) << type.error().describe();
  EXPECT_EQ(type->user, "zerops");
  EXPECT_THAT(type->binaries, testing::ElementsAre("croft-init"));
  EXPECT_EQ(type->versions.front().suite, kAnySuite);
}

TEST(TypeFile, EveryComplaintIsLocated) {
  const auto type = parse_type_file("thing.yml", R"(name: thing
title: Thing
category: runtim
imagse: { run: thing }
images: { run: thing }
variables:
  - { name: url, value: "x://${nobody}" }
  - { name: both, value: x, generate: 16 }
resources: { memory: 12 apples }
versions:
  - { version: "1", aliases: [latest] }
  - { version: "2", aliases: [latest] }
)");
  ASSERT_FALSE(type);
  std::set<int> lines;
  for (const FieldError& field : type.error().fields()) {
    EXPECT_EQ(field.file, "thing.yml");
    EXPECT_GT(field.column, 0);
    lines.insert(field.line);
  }
  EXPECT_THAT(lines, testing::IsSupersetOf({3, 4, 8, 9, 12}));
}

TEST(TypeFile, Sizes) {
  EXPECT_EQ(parse_size("512MiB"), 512 << 20);
  EXPECT_EQ(parse_size("2GiB"), 2ll << 30);
  EXPECT_EQ(parse_size("2GB"), std::nullopt);
  EXPECT_EQ(parse_size("MiB"), std::nullopt);
  EXPECT_EQ(parse_size("9999999999GiB"), std::nullopt);
}

TEST(Catalog, NamesAreUnique) {
  auto one = parse_type_file("thing.yml", kSmall);
  auto two = parse_type_file("thing.yml", kSmall);
  two->name = "other";
  two->aliases = {"thing"};
  EXPECT_FALSE(Catalog::from({*one, *two}));
}

}  // namespace
}  // namespace croft::catalog
