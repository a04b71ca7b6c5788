#include "init/socket_probe.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace croft::init {

TcpAttempt::TcpAttempt(Loop& loop, std::uint16_t port, Millis timeout, Done done)
    : loop_(loop), port_(port), done_(std::move(done)), deadline_(loop), soon_(loop) {
  deadline_.start(timeout, [this, timeout] {
    finish(false, fmt::format("{}: no answer within {} s", subject(), timeout.count() / 1000));
  });
  soon_.start(Millis(0), [this] { connect_to(port_); });
}

TcpAttempt::~TcpAttempt() {
  close();
}

void TcpAttempt::close() {
  if (socket_) loop_.unwatch(socket_.get());
  socket_.reset();
}

void TcpAttempt::finish(bool ok, std::string detail) {
  deadline_.stop();
  close();
  const Done done = std::move(done_);
  done({ok, std::move(detail)});  // may destroy this
}

std::string TcpAttempt::subject() const {
  return fmt::format("port {}", port_);
}

void TcpAttempt::connected() {
  finish(true, fmt::format("{} accepts connections", subject()));
}

void TcpAttempt::connect_to(std::uint16_t port) {
  close();
  port_ = port;
  try_family(AF_INET);
}

void TcpAttempt::try_family(int family) {
  family_ = family;
  socket_ = Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return connect_failed(errno);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port_);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port_);
  v6.sin6_addr = in6addr_loopback;
  const auto* address = family == AF_INET ? reinterpret_cast<const sockaddr*>(&v4)
                                          : reinterpret_cast<const sockaddr*>(&v6);
  const socklen_t length = family == AF_INET ? sizeof v4 : sizeof v6;
  if (::connect(socket_.get(), address, length) == 0) return connected();
  if (errno != EINPROGRESS) return connect_failed(errno);
  const Status watched =
      loop_.watch(socket_.get(), EPOLLOUT, [this](std::uint32_t) { on_connect_event(); });
  if (!watched) connect_failed(ENOMEM);
}

void TcpAttempt::on_connect_event() {
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return connect_failed(error);
  loop_.unwatch(socket_.get());
  connected();
}

void TcpAttempt::connect_failed(int error_number) {
  close();
  if (family_ == AF_INET) return try_family(AF_INET6);
  finish(false, error_number == ECONNREFUSED || error_number == EADDRNOTAVAIL ||
                        error_number == EAFNOSUPPORT
                    ? fmt::format("{}: nothing listens", subject())
                    : fmt::format("{}: {}", subject(), ::strerror(error_number)));
}

HttpAttempt::HttpAttempt(Loop& loop, HttpTarget target, Millis timeout, Done done)
    : TcpAttempt(loop, target.port, timeout, std::move(done)), target_(std::move(target)) {}

std::string HttpAttempt::subject() const {
  return fmt::format("GET {} on port {}", target_.path, target_.port);
}

void HttpAttempt::connected() {
  received_.clear();
  tls_.reset();
  handshaken_ = false;
  if (target_.tls) tls_ = std::make_unique<TlsClient>(fd(), target_.host);
  const Status watched = loop().watch(fd(), EPOLLIN, [this](std::uint32_t) { on_readable(); });
  if (!watched) return finish(false, fmt::format("{}: {}", subject(), watched.error().message()));
  if (tls_) return on_handshake();
  send_request();
}

void HttpAttempt::on_handshake() {
  switch (tls_->handshake()) {
    case TlsClient::Step::kWantRead:
      return loop().change(fd(), EPOLLIN);
    case TlsClient::Step::kWantWrite:
      return loop().change(fd(), EPOLLOUT);
    case TlsClient::Step::kFailed:
      return finish(false, fmt::format("{}: TLS: {}", subject(), tls_->problem()));
    case TlsClient::Step::kDone:
      handshaken_ = true;
      loop().change(fd(), EPOLLIN);
      return send_request();
  }
}

void HttpAttempt::send_request() {
  const std::string request = request_head(target_);
  // A fresh connection takes a request this small whole.
  const bool sent = tls_ ? tls_->write(request) == TlsClient::Step::kDone
                         : ::send(fd(), request.data(), request.size(), MSG_NOSIGNAL) ==
                               static_cast<ssize_t>(request.size());
  if (!sent) finish(false, fmt::format("{}: the connection was closed", subject()));
}

bool HttpAttempt::receive() {
  const std::size_t before = received_.size();
  bool open = true;
  if (tls_) {
    const TlsClient::Step step = tls_->read(received_);
    if (step == TlsClient::Step::kWantRead || step == TlsClient::Step::kWantWrite) return false;
    open = step == TlsClient::Step::kDone && received_.size() > before;
  } else {
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(fd(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    open = got > 0;
    if (open) received_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (open) return true;
  finish(false, fmt::format("{}: the connection was closed before an answer", subject()));
  return false;
}

void HttpAttempt::on_readable() {
  if (tls_ && !handshaken_) return on_handshake();
  if (!receive()) return;
  ResponseHead head;
  switch (parse_response_head(received_, head)) {
    case HeadState::kIncomplete:
      return;
    case HeadState::kBroken:
      return finish(false, fmt::format("{}: the answer is not HTTP", subject()));
    case HeadState::kComplete:
      return judge(head);
  }
}

void HttpAttempt::judge(const ResponseHead& head) {
  if (head.status >= 300 && head.status < 400 && !head.location.empty()) {
    const auto next = follow_redirect(target_, head.location);
    if (next && --redirects_left_ < 0) {
      return finish(false, fmt::format("{}: too many redirects", subject()));
    }
    if (next) {
      target_ = *next;
      return connect_to(target_.port);
    }
  }
  finish(head.status >= 200 && head.status < 400,
         fmt::format("{} answered {}", subject(), head.status));
}

}  // namespace croft::init
