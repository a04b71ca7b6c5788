#include "daemon/disk_guard.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

class DiskGuardTest : public testing::Test {
 protected:
  std::uint64_t free_ = 10ull << 30;
  bool fails_ = false;
  std::uint64_t state_free_ = 20ull << 30;
  DiskGuard guard_{{"/srv/croft", "/srv/croft/state"},
                   [this](const std::filesystem::path& path) -> Result<std::uint64_t> {
                     if (fails_) return fail(ErrorCode::kFailed, "no");
                     return path == "/srv/croft" ? free_ : state_free_;
                   }};
  bool read_only_at(std::uint64_t bytes) {
    free_ = bytes;
    guard_.look();
    return guard_.read_only();
  }
};

TEST_F(DiskGuardTest, GoesReadOnlyAndComesBackWithoutFlapping) {
  EXPECT_TRUE(guard_.may_write());
  EXPECT_FALSE(read_only_at(kReadOnlyBelow));
  EXPECT_TRUE(read_only_at(kReadOnlyBelow - 1));
  EXPECT_TRUE(read_only_at(0));
  EXPECT_TRUE(read_only_at(kReadOnlyBelow + 1));
  EXPECT_TRUE(read_only_at(kWritableAbove));
  EXPECT_FALSE(read_only_at(kWritableAbove + 1));
  EXPECT_FALSE(read_only_at(kReadOnlyBelow));
}

TEST_F(DiskGuardTest, TheRefusalNamesThePathAndWhatIsLeft) {
  read_only_at(5'000'000);
  const Status refused = guard_.may_write();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kExhausted);
  EXPECT_NE(refused.error().message().find("/srv/croft"), std::string::npos);
  EXPECT_NE(refused.error().message().find("5000000 bytes"), std::string::npos);
}

TEST_F(DiskGuardTest, TheFullestFolderDecides) {
  state_free_ = 6'000'000;
  EXPECT_TRUE(read_only_at(10ull << 30));
  EXPECT_NE(guard_.may_write().error().message().find("/srv/croft/state"), std::string::npos);
  state_free_ = 20ull << 30;
  EXPECT_FALSE(read_only_at(10ull << 30));
}

TEST_F(DiskGuardTest, AQuestionThatFailsChangesNothing) {
  read_only_at(0);
  fails_ = true;
  EXPECT_TRUE(read_only_at(10ull << 30));
  fails_ = false;
  EXPECT_FALSE(read_only_at(10ull << 30));
}

TEST(DiskGuardSystem, KnowsARealFileSystem) {
  EXPECT_GT(DiskGuard::ask_system("/").value_or(0), 0u);
  EXPECT_FALSE(DiskGuard::ask_system("/no/such/path"));
}

}  // namespace
}  // namespace croft
