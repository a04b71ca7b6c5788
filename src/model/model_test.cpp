#include <gtest/gtest.h>

#include "model/node_state.h"
#include "model/project.h"
#include "model/service.h"

namespace croft {
namespace {

TEST(Names, Hostnames) {
  EXPECT_TRUE(valid_hostname("api2"));
  for (const char* bad : {"", "2api", "my-api", "API", "a_b", "abcdefghijklmnopqrstuvwxyz"}) {
    EXPECT_FALSE(valid_hostname(bad)) << bad;
  }
}

TEST(Names, ProjectNames) {
  EXPECT_TRUE(valid_project_name("my-shop"));
  for (const char* bad : {"", "-a", "a-", "a--b", "A", "a.b", "0a"}) {
    EXPECT_FALSE(valid_project_name(bad)) << bad;
  }
  EXPECT_EQ(project_name_from("  My Shop! (2)"), "my-shop-2");
  EXPECT_EQ(project_name_from("123"), "");
}

TEST(Codec, RoundTripsNestedStructsAndToleratesOtherVersions) {
  NodeDesired desired;
  desired.generation = 7;
  desired.cores.emplace_back().services.emplace_back().instances.push_back(
      {.id = "t1", .address6 = "fd00::9", .duty = InstanceDuty::kDrain});
  const std::string text = to_json_text(desired);
  const auto back = from_json_text<NodeDesired>(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json_text(*back), text);
  EXPECT_NE(text.find(R"("duty":"drain")"), std::string::npos);

  const auto older = from_json_text<NodeDesired>(R"({"generation":3,"from_the_future":[1]})");
  ASSERT_TRUE(older);
  EXPECT_EQ(older->generation, 3);
}

TEST(Codec, NamesThePlaceOfAWrongType) {
  const auto bad = from_json_text<NodeDesired>(R"({"cores":[{"services":[{"hostname":5}]}]})");
  ASSERT_FALSE(bad);
  ASSERT_EQ(bad.error().fields().size(), 1u);
  EXPECT_EQ(bad.error().fields()[0].pointer, "/cores/0/services/0/hostname");
}

}  // namespace
}  // namespace croft
