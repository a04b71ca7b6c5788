#include "model/variable.h"

#include <gtest/gtest.h>

#include "model/user.h"

namespace croft {
namespace {

// zerops-30loops.md A4, A14.1
TEST(Variables, Keys) {
  for (const char* good : {"A", "_x", "db_URL2", "P", "PATHS", "my_zerops", "x9"}) {
    EXPECT_TRUE(check_variable_key(good)) << good;
  }
  for (const char* bad : {"", "9x", "a-b", "a b", "a.b", "PATH", "Path", "zerops", "ZEROPS_x",
                          "zeropsSubdomain", "A=B", "ü", "A\n"}) {
    const Status checked = check_variable_key(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code(), ErrorCode::kInvalid);
  }
  EXPECT_TRUE(check_variable_key(std::string(255, 'a')));
  EXPECT_FALSE(check_variable_key(std::string(256, 'a')));
}

TEST(Variables, Values) {
  EXPECT_TRUE(check_variable_value("A", ""));
  EXPECT_TRUE(check_variable_value(
      "A", "$x \"quoted\" 'single' `tick`\nline\ttab \\ ünï \xF0\x9F\x90\x98"));
  EXPECT_TRUE(check_variable_value("A", std::string(kMaxVariableBytes, 'x')));
  EXPECT_EQ(check_variable_value("A", std::string(kMaxVariableBytes + 1, 'x')).error().code(),
            ErrorCode::kTooLarge);
  using namespace std::string_view_literals;
  EXPECT_EQ(check_variable_value("A", "a\0b"sv).error().code(), ErrorCode::kInvalid);
  const Status latin1 = check_variable_value("KEY", "secret\xfc");
  ASSERT_FALSE(latin1);
  EXPECT_EQ(latin1.error().message().find("secret"), std::string::npos);
}

TEST(Utf8, AcceptsWhatUnicodeAllowsAndNothingElse) {
  for (const char* good : {"", "a", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x90\x98", "\xEF\xBF\xBF",
                           "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xC3", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3\xC3"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
}

TEST(Users, Names) {
  for (const char* good : {"a", "Ann", "ann@example.com", "a.b-c_d+e", "0x"}) {
    EXPECT_TRUE(valid_user_name(good)) << good;
  }
  for (const char* bad : {"", ".a", "a b", "a/b", "a\n", "ü", "@x"}) {
    EXPECT_FALSE(valid_user_name(bad)) << bad;
  }
  EXPECT_FALSE(valid_user_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace croft
