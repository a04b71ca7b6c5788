#include "core/kept_sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/log.h"

namespace croft {
namespace {

constexpr std::size_t kMost = 64;

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// Room for the descriptors of one message, aligned as the kernel wants it.
union Control {
  std::array<char, CMSG_SPACE(kMost * sizeof(int))> bytes;
  cmsghdr aligned;
};

// The next message's descriptors; false when the queue is empty.
bool receive(int from, std::vector<Fd>& sockets) {
  char byte = 0;
  iovec data{.iov_base = &byte, .iov_len = 1};
  Control control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  if (::recvmsg(from, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0) return false;
  sockets.clear();
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      sockets.emplace_back(descriptor);
    }
  }
  return true;
}

bool send(int to, const std::vector<int>& sockets) {
  char byte = 0;
  iovec data{.iov_base = &byte, .iov_len = 1};
  Control control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(sockets.size() * sizeof(int));
  cmsghdr* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sockets.size() * sizeof(int));
  std::memcpy(CMSG_DATA(part), sockets.data(), sockets.size() * sizeof(int));
  return ::sendmsg(to, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

bool is(int socket, const std::string& address, std::uint16_t port, int type) {
  int has_type = 0;
  socklen_t length = sizeof has_type;
  if (::getsockopt(socket, SOL_SOCKET, SO_TYPE, &has_type, &length) != 0) return false;
  Address bound{};
  length = sizeof bound;
  if (has_type != type || ::getsockname(socket, &bound.any, &length) != 0) return false;
  const bool v6 = bound.any.sa_family == AF_INET6;
  std::array<unsigned char, sizeof(in6_addr)> wanted{};
  if (::inet_pton(bound.any.sa_family, address.c_str(), wanted.data()) != 1) return false;
  if (ntohs(v6 ? bound.v6.sin6_port : bound.v4.sin_port) != port) return false;
  return v6 ? std::memcmp(wanted.data(), &bound.v6.sin6_addr, sizeof(in6_addr)) == 0
            : std::memcmp(wanted.data(), &bound.v4.sin_addr, sizeof(in_addr)) == 0;
}

}  // namespace

KeptSockets::KeptSockets(SocketShelf shelf) : shelf_(shelf) {
  if (shelf_.out < 0) return;
  while (receive(shelf_.out, found_)) {
  }
  std::vector<int> again;
  for (const Fd& socket : found_) again.push_back(socket.get());
  if (!again.empty() && !send(shelf_.in, again)) log_warning("sockets are not kept");
}

Fd KeptSockets::take(const std::string& address, std::uint16_t port, int type) {
  const auto it = std::find_if(found_.begin(), found_.end(), [&](const Fd& socket) {
    return is(socket.get(), address, port, type);
  });
  if (it == found_.end()) return {};
  Fd taken = std::move(*it);
  found_.erase(it);
  return taken;
}

void KeptSockets::clear() {
  if (shelf_.out < 0) return;
  std::vector<Fd> dropped;
  while (receive(shelf_.out, dropped)) {
  }
}

Status KeptSockets::keep(const std::vector<int>& sockets) {
  check(sockets.size() <= kMost, "more listening sockets than a shelf takes");
  found_.clear();
  clear();
  if (shelf_.in < 0 || sockets.empty() || send(shelf_.in, sockets)) return {};
  return fail(errno_error("keep listening sockets for the next croft-core", errno));
}

}  // namespace croft
