#include "network/linux/nft.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

TEST(Nft, CountersAreFoundByTheirName) {
  constexpr const char* kListed =
      "table inet croft {\n\tcounter spoofed {\n\t\tpackets 3 bytes 180\n\t}\n"
      "\tcounter refused {\n\t\tpackets 1234567890123 bytes 9\n\t}\n}\n";
  EXPECT_EQ(counted_packets(kListed, "spoofed"), 3);
  EXPECT_EQ(counted_packets(kListed, "refused"), 1'234'567'890'123);
  EXPECT_EQ(counted_packets(kListed, "fuse"), 0);
  EXPECT_EQ(counted_packets("", "refused"), 0);
}

}  // namespace
}  // namespace croft
