#include "daemon/host_facts.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

TEST(HostFacts, ResolversOfTheLocalMachineItselfAreNotUsable) {
  EXPECT_EQ(parse_resolvers("# a\nnameserver 127.0.0.53\nnameserver 192.0.2.1\noptions edns0\n"
                            "nameserver ::1\nnameserver fd00::1\nnameserver bogus\n"),
            (std::vector<std::string>{"192.0.2.1", "fd00::1"}));
}

TEST(HostFacts, RoutesAsTheKernelListsThem) {
  const std::string text =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "cab12cdu\t0000050A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
      "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
  EXPECT_EQ(parse_route_table(text),
            (std::vector<HostRange>{{"10.5.0.0/16", "cab12cdu"}, {"192.168.1.0/24", "eth0"}}));
}

}  // namespace
}  // namespace croft
