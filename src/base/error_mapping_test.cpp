#include "base/error_mapping.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

constexpr int kLast = static_cast<int>(ErrorCode::kInternal);

TEST(ErrorMapping, EveryCodeHasARowOfItsOwn) {
  for (int i = 0; i <= kLast; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(error_code_from_string(to_string(code)), code) << to_string(code);
    EXPECT_GE(http_status(code), 400);
    EXPECT_LT(http_status(code), 600);
    EXPECT_GT(exit_code(code), 0);
    EXPECT_FALSE(problem_title(code).empty());
  }
}

TEST(ErrorMapping, AStatusAloneGivesTheCodeThatMakesIt) {
  for (int i = 0; i <= kLast; ++i) {
    const int status = http_status(static_cast<ErrorCode>(i));
    EXPECT_EQ(http_status(error_code_from_http(status)), status);
  }
  EXPECT_EQ(error_code_from_http(502), ErrorCode::kUnavailable);
  EXPECT_EQ(error_code_from_http(418), ErrorCode::kInvalid);
  EXPECT_EQ(error_code_from_http(599), ErrorCode::kInternal);
}

TEST(ErrorMapping, ExitCodesOfTheContract) {
  EXPECT_EQ(exit_code(ErrorCode::kForbidden), 3);
  EXPECT_EQ(exit_code(ErrorCode::kNotFound), 4);
  EXPECT_EQ(exit_code(ErrorCode::kConflict), 5);
  EXPECT_EQ(exit_code(ErrorCode::kDeployFailed), 6);
  EXPECT_EQ(exit_code(ErrorCode::kTimeout), 7);
  EXPECT_EQ(exit_code(ErrorCode::kUnavailable), 8);
}

}  // namespace
}  // namespace croft
