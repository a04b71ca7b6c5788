#include "spec/type_ref.h"

#include <gtest/gtest.h>

namespace croft::spec {
namespace {

TypeRef ref(std::string_view text, std::string_view os = {}) {
  const auto parsed = parse_type_ref(text, os);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(TypeRef{});
}

TEST(TypeRef, ParsesEveryForm) {
  EXPECT_EQ(ref("nodejs@22"), (TypeRef{"", "nodejs", "", "22"}));
  EXPECT_EQ(ref("alpine/nodejs@24"), (TypeRef{"alpine", "nodejs", "", "24"}));
  EXPECT_EQ(ref("ubuntu@24.04"), (TypeRef{"", "ubuntu", "", "24.04"}));
  EXPECT_EQ(ref("postgresql:ha@18"), (TypeRef{"", "postgresql", "ha", "18"}));
  EXPECT_EQ(ref("php-apache@8.1+2.4"), (TypeRef{"", "php-apache", "", "8.1+2.4"}));
  EXPECT_EQ(ref("static"), (TypeRef{"", "static", "", ""}));
  EXPECT_EQ(ref("shared-storage:single"), (TypeRef{"", "shared-storage", "single", ""}));
  EXPECT_EQ(ref("rust@stable"), (TypeRef{"", "rust", "", "stable"}));
}

TEST(TypeRef, TakesABareVersionForTheSystem) {
  EXPECT_EQ(ref("22.04", "ubuntu"), (TypeRef{"", "ubuntu", "", "22.04"}));
  EXPECT_EQ(ref("22.04"), (TypeRef{"", "ubuntu", "", "22.04"}));
  EXPECT_EQ(ref("3.20"), (TypeRef{"", "alpine", "", "3.20"}));
}

TEST(TypeRef, WritesItselfBack) {
  for (const char* text : {"nodejs@22", "alpine/nodejs@24", "postgresql:ha@18", "static"}) {
    EXPECT_EQ(ref(text).text(), text);
  }
}

TEST(TypeRef, RefusesOtherText) {
  for (const char* text : {"", "@22", "node js@22", "NodeJS@22", "nodejs@", "nodejs@22@23", "a:@1",
                           "/nodejs@1", "a/b/c@1", "nodejs@1 2", "${type}", "nodejs@../x"}) {
    EXPECT_FALSE(parse_type_ref(text).has_value()) << text;
  }
}

TEST(TypeRef, DescribesWhatTheCatalogLacks) {
  const TypeUse use{ref("nodejs@19"), "nodejs@19", {}, {}};
  EXPECT_EQ(describe_unknown(use, {TypeAnswer::Verdict::kUnknownVersion, "nodejs@20"}),
            "the catalog has no version of nodejs like 'nodejs@19'; the nearest is 'nodejs@20'");
  EXPECT_EQ(describe_unknown(use, {}), "");
}

}  // namespace
}  // namespace croft::spec
