#include "init/health_channel.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/utf8.h"

namespace croft::init {
namespace {

constexpr Millis kPeriod{1000};
constexpr std::size_t kMaxDetail = 1000;
// A core that died with its machine closes nothing. Its word that this instance leads must not
// outlive it for long: its partner may call another one that.
constexpr unsigned kSilentCoreMs = 4000;

Result<Fd> listen_on(int family, std::uint16_t port) {
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(errno_error("open a socket", errno));
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  int bound = -1;
  if (family == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(port);
    any.sin6_addr = in6addr_any;
    bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any);
  } else {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(port);
    bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any);
  }
  if (bound != 0 || ::listen(fd.get(), 16) != 0) {
    return fail(errno_error(fmt::format("listen on port {} for the core", port), errno));
  }
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

}  // namespace

HealthChannel::HealthChannel(Loop& loop) : loop_(loop), tick_(loop) {
  text_ = to_json_text(line_) + "\n";
}

HealthChannel::~HealthChannel() {
  for (Connection& connection : connections_) loop_.unwatch(connection.socket.get());
  if (listener_) loop_.unwatch(listener_.get());
}

Status HealthChannel::listen(std::uint16_t port) {
  auto made = listen_on(AF_INET6, port);
  if (!made) made = listen_on(AF_INET, port);
  if (!made) return fail(std::move(made).error());
  listener_ = std::move(*made);
  port_ = port_of(listener_.get());
  CROFT_TRY(loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { on_accept(); }));
  tick_.start(kPeriod, [this] { send_to_all(); });
  return {};
}

void HealthChannel::announce(InstanceState state, std::string detail) {
  detail = to_valid_utf8(std::string_view(detail).substr(0, kMaxDetail));
  if (line_.state == state && line_.detail == detail) return;
  line_ = {state, std::move(detail)};
  text_ = to_json_text(line_) + "\n";
  send_to_all();
}

bool HealthChannel::leader() const {
  return std::any_of(connections_.begin(), connections_.end(),
                     [](const Connection& c) { return c.leader; });
}

void HealthChannel::on_accept() {
  Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket || !make_room()) return;
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kSilentCoreMs, sizeof kSilentCoreMs);
  const int fd = socket.get();
  const auto connection = connections_.insert(connections_.end(), {.socket = std::move(socket)});
  const Status watched =
      loop_.watch(fd, EPOLLIN, [this, connection](std::uint32_t) { on_readable(connection); });
  if (!watched || !send_line(*connection)) close(connection);
}

// Anything in the project can connect: who never spoke like the core makes room first, so that
// idle connections cannot keep the core out.
bool HealthChannel::make_room() {
  if (connections_.size() < kMaxConnections) return true;
  const auto stranger = std::find_if(connections_.begin(), connections_.end(),
                                     [](const Connection& c) { return !c.spoke; });
  if (stranger == connections_.end()) return false;
  close(stranger);
  return true;
}

void HealthChannel::on_readable(Position connection) {
  std::array<char, 2048> buffer;
  const ssize_t got = ::recv(connection->socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return close(connection);
  connection->received.append(buffer.data(), static_cast<std::size_t>(got));
  if (!take_lines(*connection)) close(connection);
}

bool HealthChannel::take_lines(Connection& connection) {
  for (;;) {
    const auto end = connection.received.find('\n');
    if (end == std::string::npos) return connection.received.size() <= kMaxLineBytes;
    const auto line = from_json_text<CoreLine>(connection.received.substr(0, end));
    if (!line) return false;
    connection.spoke = true;
    connection.leader = line->leader;
    connection.received.erase(0, end + 1);
  }
}

bool HealthChannel::send_line(const Connection& connection) const {
  const ssize_t sent =
      ::send(connection.socket.get(), text_.data(), text_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  // One that does not read for so long that its buffer is full would see old news.
  return sent == static_cast<ssize_t>(text_.size());
}

void HealthChannel::send_to_all() {
  for (auto it = connections_.begin(); it != connections_.end();) {
    const auto connection = it++;
    if (!send_line(*connection)) close(connection);
  }
  if (listener_) tick_.start(kPeriod, [this] { send_to_all(); });
}

void HealthChannel::close(Position connection) {
  loop_.unwatch(connection->socket.get());
  connections_.erase(connection);
}

}  // namespace croft::init
