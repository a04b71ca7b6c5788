#include "daemon/host_facts.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

TEST(HostFacts, ResolversOfTheLocalMachineItselfAreNotUsable) {
  EXPECT_EQ(parse_resolvers("# a\nnameserver 127.0.0.53\nnameserver 192.0.2.1\noptions edns0\n"
                            "nameserver ::1\nnameserver fd00::1\nnameserver bogus\n"),
            (std::vector<std::string>{"192.0.2.1", "fd00::1"}));
}

}  // namespace
}  // namespace croft
