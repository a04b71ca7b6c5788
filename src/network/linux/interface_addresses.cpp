#include "network/linux/interface_addresses.h"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/fd.h"

namespace croft {
namespace {

struct ListFreer {
  void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

IpAddress to_address(const sockaddr* raw) {
  if (raw->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, raw, sizeof v4);
    return IpAddress::v4(ntohl(v4.sin_addr.s_addr));
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, raw, sizeof v6);
  std::array<std::uint8_t, 16> bytes;
  std::copy(std::begin(v6.sin6_addr.s6_addr), std::end(v6.sin6_addr.s6_addr), bytes.begin());
  return IpAddress::v6(bytes);
}

}  // namespace

Result<std::vector<InterfaceAddress>> list_interface_addresses() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return fail(errno_error("list the network interfaces", errno));
  const std::unique_ptr<ifaddrs, ListFreer> list(raw);
  std::vector<InterfaceAddress> out;
  for (const ifaddrs* at = list.get(); at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    if (at->ifa_addr->sa_family != AF_INET && at->ifa_addr->sa_family != AF_INET6) continue;
    out.push_back({at->ifa_name, to_address(at->ifa_addr)});
  }
  return out;
}

Result<MacAddress> interface_mac(const std::string& interface) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  if (!fd || ::ioctl(fd.get(), SIOCGIFHWADDR, &request) != 0) {
    return fail(errno_error(fmt::format("interface {}: read its MAC address", interface), errno));
  }
  MacAddress mac;
  std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
  return mac;
}

Status send_frames(const std::string& interface, const std::vector<std::string>& frames) {
  const Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd) {
    return fail(errno_error(
        fmt::format("interface {}: open a packet socket (needs NET_RAW)", interface), errno));
  }
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  to.sll_halen = ETH_ALEN;
  for (const std::string& frame : frames) {
    if (::sendto(fd.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                 sizeof to) < 0) {
      return fail(errno_error(fmt::format("interface {}: send an announcement", interface), errno));
    }
  }
  return {};
}

}  // namespace croft
