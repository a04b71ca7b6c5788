#include "net/listen.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace croft {
namespace {

constexpr int kBacklog = 256;

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un local;
};

Error listen_error(const std::string& where, int error_number) {
  Error error = errno_error(fmt::format("listen on {}", where), error_number);
  if (error_number == EADDRINUSE) {
    return Error(ErrorCode::kConflict,
                 fmt::format("{}; another program listens there: stop it or choose another address",
                             error.message()));
  }
  if (error_number == EACCES || error_number == EPERM) {
    return Error(ErrorCode::kForbidden, error.message());
  }
  return error;
}

// Length of the socket address, 0 when `text` is not an IP address.
socklen_t parse_address(const std::string& text, std::uint16_t port, Address& address) {
  if (::inet_pton(AF_INET, text.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
    return sizeof address.v4;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    return sizeof address.v6;
  }
  return 0;
}

// Removes the socket of a program that is gone.
Status remove_stale_socket(const std::string& path, const Address& address) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) {
    return fail(ErrorCode::kConflict,
                fmt::format("listen on {}: a file that is not a socket is in the way", path));
  }
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(probe.get(), &address.any, sizeof address.local) == 0) {
    return fail(listen_error(path, EADDRINUSE));
  }
  if (errno == ECONNREFUSED) ::unlink(path.c_str());
  return {};
}

}  // namespace

Result<Listener> listen_on_tcp(const std::string& address, std::uint16_t port) {
  const std::string where = fmt::format("{} port {}", address, port);
  Address bound;
  std::memset(&bound, 0, sizeof bound);
  socklen_t size = parse_address(address, port, bound);
  if (size == 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("listen on {}: {} is not an IP address", where, address));
  }
  Listener listener;
  listener.family = bound.any.sa_family;
  listener.socket = Fd(::socket(listener.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = listener.socket.get();
  const int on = 1;
  if (fd < 0) return fail(listen_error(where, errno));
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (listener.family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd, &bound.any, size) != 0 || ::listen(fd, kBacklog) != 0 ||
      ::getsockname(fd, &bound.any, &size) != 0) {
    return fail(listen_error(where, errno));
  }
  listener.port = ntohs(listener.family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
  return listener;
}

Result<Fd> listen_on_unix(const std::string& path, mode_t mode) {
  Address address;
  std::memset(&address, 0, sizeof address);
  address.local.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.local.sun_path) {
    return fail(ErrorCode::kInvalid,
                fmt::format("listen on {}: the path of a socket has 1 to {} characters", path,
                            sizeof address.local.sun_path - 1));
  }
  std::memcpy(address.local.sun_path, path.data(), path.size());
  CROFT_TRY(remove_stale_socket(path, address));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail(listen_error(path, errno));
  // Before bind, so that the file never has wider permissions than asked for.
  ::fchmod(socket.get(), mode);
  if (::bind(socket.get(), &address.any, sizeof address.local) != 0 ||
      ::chmod(path.c_str(), mode) != 0 || ::listen(socket.get(), kBacklog) != 0) {
    return fail(listen_error(path, errno));
  }
  return socket;
}

HttpPeer peer_of(int socket) {
  HttpPeer peer;
  Address address;
  std::memset(&address, 0, sizeof address);
  socklen_t size = sizeof address;
  if (::getpeername(socket, &address.any, &size) != 0) return peer;
  char text[INET6_ADDRSTRLEN] = {};
  if (address.any.sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof text);
    peer.port = ntohs(address.v4.sin_port);
  } else if (address.any.sa_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof text);
    peer.port = ntohs(address.v6.sin6_port);
  } else if (address.any.sa_family == AF_UNIX) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0) {
      peer.uid = credentials.uid;
      peer.pid = credentials.pid;
    }
  }
  peer.address = text;
  return peer;
}

}  // namespace croft
