#include "base/free_space.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

TEST(FreeSpace, TooLittleIsSaidWithTheFolderAndWhatToDo) {
  const auto folder = std::filesystem::temp_directory_path();
  EXPECT_TRUE(check_free_space(folder, 0));
  const Status refused = check_free_space(folder, ~0ull);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kExhausted);
  EXPECT_NE(refused.error().message().find(folder.string()), std::string::npos);
  EXPECT_NE(refused.error().message().find("free some space"), std::string::npos);
}

TEST(FreeSpace, AFolderOfAnotherMachineIsTakenForGood) {
  EXPECT_TRUE(check_free_space("/nowhere/at/all", ~0ull));
}

}  // namespace
}  // namespace croft
