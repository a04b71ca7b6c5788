#include "base/json_codec.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

TEST(ParseJson, NumbersThatNoDoubleHoldsAreRefused) {
  // 0e999 was read as something that is neither below nor above any limit.
  for (const char* text : {"1e999", "-1e999", "0e999", "[1, 0e400]", R"({"a": [{"b": 1e400}]})"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code(), ErrorCode::kInvalid) << text;
  }
  for (const char* text : {"1e308", "0e0", "-0.0", "1e-999", R"({"a": [18446744073709551615]})"}) {
    EXPECT_TRUE(parse_json(text)) << text;
  }
}

}  // namespace
}  // namespace croft
