// What croftd reads of the machine it runs on.
#pragma once

#include <string>
#include <vector>

namespace croft {

// An IPv4 range that is on an interface or routed.
struct HostRange {
  std::string range;  // "192.0.2.0/24"
  std::string interface;
  bool operator==(const HostRange&) const = default;
};

struct HostFacts {
  std::string name;                     // host name
  std::string address;                  // of the default route's interface; 127.0.0.1 without one
  std::vector<std::string> addresses4;  // every address of the machine but loopback
  std::vector<std::string> addresses6;  // global ones
  std::vector<HostRange> ranges4;       // addresses with their networks, routes but default ones
  // Where the machine's services are reached: its addresses but those on uplinks of croft.
  std::vector<std::string> public_addresses4;
  std::vector<std::string> public_addresses6;
  std::vector<std::string> resolvers;  // usable from another network namespace
};

// `resolv_conf` is read; when it names a local stub (127.0.0.53), `stub_upstream` instead.
HostFacts read_host_facts(const std::string& resolv_conf = "/etc/resolv.conf",
                          const std::string& stub_upstream = "/run/systemd/resolve/resolv.conf");

// Exposed for tests: the nameserver lines, without loopback ones.
std::vector<std::string> parse_resolvers(const std::string& text);

// Exposed for tests: ranges of /proc/net/route, without default routes.
std::vector<HostRange> parse_route_table(const std::string& text);

}  // namespace croft
