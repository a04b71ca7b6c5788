#include "core/address_guard.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "base/fd.h"
#include "network/linux/announcement.h"
#include "network/linux/interface_addresses.h"

namespace croft {
namespace asio = boost::asio;

struct AddressGuard::State {
  State(asio::io_context& io, OnClaim f) : socket(io), on_claim(std::move(f)) {}
  asio::posix::stream_descriptor socket;
  OnClaim on_claim;
  std::vector<IpAddress> addresses;
  MacAddress own_mac{};
};

namespace {

// In the kernel, so that project traffic does not wake us: ARP, or IPv6 with an ICMPv6 neighbour
// advertisement as its first header.
Status attach_filter(int fd) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 5),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 256),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter{.len = std::size(program), .filter = program};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
    return fail(errno_error("address guard: attach the packet filter", errno));
  }
  return {};
}

}  // namespace

AddressGuard::AddressGuard(Runtime& runtime, OnClaim on_claim)
    : state_(std::make_shared<State>(runtime.io(), std::move(on_claim))) {}

AddressGuard::~AddressGuard() {
  close();
}

Status AddressGuard::open(const std::string& interface, std::vector<IpAddress> addresses) {
  const auto mac = interface_mac(interface);
  if (!mac) return fail(mac.error());
  // Protocol 0 until the filter is there: nothing unfiltered is queued.
  Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) {
    return fail(
        ErrorCode::kForbidden,
        fmt::format("address guard: no packet socket on {}; the core needs NET_RAW", interface));
  }
  CROFT_TRY(attach_filter(fd.get()));
  sockaddr_ll at{};
  at.sll_family = AF_PACKET;
  at.sll_protocol = htons(ETH_P_ALL);
  at.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    return fail(errno_error(fmt::format("address guard: bind to {}", interface), errno));
  }
  state_->own_mac = *mac;
  state_->addresses = std::move(addresses);
  state_->socket.assign(fd.release());
  return {};
}

Task<void> AddressGuard::run() {
  const auto state = state_;
  std::array<char, 256> frame;
  while (state->socket.is_open()) {
    const auto [error, count] = co_await state->socket.async_read_some(
        asio::buffer(frame), asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    const auto claim = read_claim({frame.data(), count});
    if (!claim || claim->mac == state->own_mac) continue;
    const auto& ours = state->addresses;
    if (std::find(ours.begin(), ours.end(), claim->address) == ours.end()) continue;
    state->on_claim(claim->address, to_string(claim->mac));
  }
}

void AddressGuard::close() {
  boost::system::error_code ignored;
  state_->socket.close(ignored);
}

}  // namespace croft
