#include "daemon/host_facts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <sstream>
#include <string_view>

#include "base/fd.h"
#include "base/file.h"
#include "base/ip.h"

namespace croft {
namespace {

// The address the kernel would use towards the outside; nothing is sent.
std::string outward_address() {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(53);
  ::inet_pton(AF_INET, "198.51.100.1", &to.sin_addr);  // documentation range (RFC 5737)
  if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    return "127.0.0.1";
  }
  sockaddr_in own{};
  socklen_t length = sizeof own;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &length);
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &own.sin_addr, text.data(), text.size());
  return text.data();
}

// "cab12cdu", of any installation: plan/address_plan.h, uplink_child_device().
bool is_uplink_child(std::string_view name) {
  return name.size() == 8 && name.front() == 'c' && name.back() == 'u';
}

IpPrefix range_of(std::uint32_t address, std::uint32_t mask) {
  return {IpAddress::v4(address), std::popcount(mask)};
}

std::uint32_t host_order(const sockaddr* address) {
  return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
}

void collect_addresses(HostFacts& facts) {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(raw, &::freeifaddrs);
  for (const ifaddrs* one = list.get(); one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool is_public = !is_uplink_child(one->ifa_name);
    if (one->ifa_addr->sa_family == AF_INET) {
      const auto* in = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      ::inet_ntop(AF_INET, &in->sin_addr, text.data(), text.size());
      facts.addresses4.emplace_back(text.data());
      if (is_public) facts.public_addresses4.emplace_back(text.data());
      if (one->ifa_netmask == nullptr) continue;
      const IpPrefix range = range_of(host_order(one->ifa_addr), host_order(one->ifa_netmask));
      facts.ranges4.push_back({.range = range.str(), .interface = one->ifa_name});
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      const auto* in = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      if (IN6_IS_ADDR_LINKLOCAL(&in->sin6_addr)) continue;
      ::inet_ntop(AF_INET6, &in->sin6_addr, text.data(), text.size());
      facts.addresses6.emplace_back(text.data());
      if (is_public) facts.public_addresses6.emplace_back(text.data());
    }
  }
}

}  // namespace

std::vector<std::string> parse_resolvers(const std::string& text) {
  std::vector<std::string> resolvers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string keyword;
    std::string address;
    if (!(words >> keyword >> address) || keyword != "nameserver") continue;
    const auto parsed = IpAddress::parse(address);
    if (!parsed || address.starts_with("127.") || address == "::1") continue;
    resolvers.push_back(parsed->str());
  }
  return resolvers;
}

std::vector<HostRange> parse_route_table(const std::string& text) {
  std::vector<HostRange> ranges;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);  // the names of the columns
  while (std::getline(lines, line)) {
    // Addresses are hexadecimal in the order of the machine's memory.
    std::istringstream words(line);
    std::string interface;
    std::string skipped;
    std::uint32_t destination = 0;
    std::uint32_t mask = 0;
    words >> interface >> std::hex >> destination;
    for (int i = 0; i < 5; ++i) words >> skipped;  // gateway, flags, references, use, metric
    if (!(words >> mask) || mask == 0) continue;
    ranges.push_back({.range = range_of(ntohl(destination), ntohl(mask)).str(),
                      .interface = std::move(interface)});
  }
  return ranges;
}

HostFacts read_host_facts(const std::string& resolv_conf, const std::string& stub_upstream) {
  HostFacts facts;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0) facts.name = name.data();
  facts.address = outward_address();
  collect_addresses(facts);
  if (const auto routes = read_file("/proc/net/route", 16u << 20)) {
    for (HostRange& range : parse_route_table(*routes)) {
      if (std::find(facts.ranges4.begin(), facts.ranges4.end(), range) == facts.ranges4.end()) {
        facts.ranges4.push_back(std::move(range));
      }
    }
  }
  for (const std::string& path : {resolv_conf, stub_upstream}) {
    const auto text = read_file(path, 1u << 20);
    if (text) facts.resolvers = parse_resolvers(*text);
    if (!facts.resolvers.empty()) break;
  }
  return facts;
}

}  // namespace croft
