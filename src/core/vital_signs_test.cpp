#include "core/vital_signs.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace croft {
namespace {

class VitalSignsTest : public testing::Test {
 protected:
  VitalSignsTest() {
    char path[] = "/tmp/croft-vital-XXXXXX";
    root_ = ::mkdtemp(path);
  }
  ~VitalSignsTest() override { std::filesystem::remove_all(root_); }

  void put(const std::string& file, const std::string& text) {
    ASSERT_TRUE(make_directories((root_ / file).parent_path()));
    ASSERT_TRUE(write_file_atomically(root_ / file, text));
  }
  void packets(int received, int dropped) {
    put("proc/net/dev",
        "Inter-|   Receive                  |  Transmit\n"
        " face |bytes    packets errs drop fifo|bytes    packets errs drop\n"
        "    lo: 1 1000000 9 9 0 0 0 0 1 1 0 0\n"
        "  eth0: 1 " +
            std::to_string(received) + " 0 " + std::to_string(dropped) + " 0 0 0 0 1 1 0 0\n" +
            "  eth1: 1 0 0 0 0 0 0 0 1 1 0 0\n");
  }

  std::filesystem::path root_;
  ManualClock clock_;
};

TEST_F(VitalSignsTest, SharesAreOfTheTimeSinceTheLastCall) {
  packets(5000, 4000);
  put("sys/fs/cgroup/cpu.stat", "usage_usec 5\nnr_periods 100\nnr_throttled 90\n");
  VitalSigns signs(clock_, root_);
  packets(5950, 4050);
  put("sys/fs/cgroup/cpu.stat", "usage_usec 9\nnr_periods 110\nnr_throttled 94\n");
  const CoreVitals vitals = signs.take();
  EXPECT_EQ(vitals.dropped_percent, 5);
  EXPECT_EQ(vitals.throttled_percent, 40);
  const CoreVitals calm = signs.take();
  EXPECT_EQ(calm.dropped_percent, 0);
  EXPECT_EQ(calm.throttled_percent, 0);
}

TEST_F(VitalSignsTest, AFewPacketsSayNothing) {
  packets(0, 0);
  VitalSigns signs(clock_, root_);
  packets(10, 90);
  EXPECT_EQ(signs.take().dropped_percent, 0);
}

TEST_F(VitalSignsTest, ReadsBothKindsOfControlGroups) {
  put("sys/fs/cgroup/memory/memory.usage_in_bytes", "900\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n");
  put("sys/fs/cgroup/memory/memory.stat", "cache 5\ninactive_file 200\n");
  VitalSigns old_kind(clock_, root_);
  EXPECT_EQ(old_kind.take().memory_percent, 70);
  put("sys/fs/cgroup/memory.current", "500\n");
  put("sys/fs/cgroup/memory.max", "max\n");
  put("sys/fs/cgroup/memory.stat", "anon 5\ninactive_file 0\n");
  VitalSigns new_kind(clock_, root_);
  EXPECT_EQ(new_kind.take().memory_percent, 0) << "without a limit";
  put("sys/fs/cgroup/memory.max", "1000\n");
  EXPECT_EQ(new_kind.take().memory_percent, 50);
}

TEST_F(VitalSignsTest, CountsConnectionsAgainstTheirTable) {
  put("proc/sys/net/netfilter/nf_conntrack_count", "960\n");
  put("proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
  VitalSigns signs(clock_, root_);
  EXPECT_EQ(signs.take().connections_percent, 96);
}

TEST_F(VitalSignsTest, NothingToReadIsNormal) {
  VitalSigns signs(clock_, root_);
  EXPECT_EQ(abnormality(signs.take()), "");
}

}  // namespace
}  // namespace croft
