#include "core/tcp_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "net/listen.h"
#include "net/socket_stream.h"

namespace croft {
namespace asio = boost::asio;

struct TcpListener::State {
  State(Runtime& r, Group& g, Serve s, std::size_t max)
      : runtime(r), group(g), serve(std::move(s)), max_connections(max), socket(r.io()) {}
  Runtime& runtime;
  Group& group;
  Serve serve;
  std::size_t max_connections;
  std::size_t connections = 0;
  asio::posix::stream_descriptor socket;
};

namespace {

// A peer that vanished (a container that was killed) is noticed within 25 s.
void keep_alive(int fd) {
  const int on = 1;
  const int idle_s = 10;
  const int interval_s = 5;
  const int probes = 3;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

}  // namespace

TcpListener::TcpListener(Runtime& runtime, Group& group, Serve serve, std::size_t max_connections)
    : state_(std::make_shared<State>(runtime, group, std::move(serve), max_connections)) {}

TcpListener::~TcpListener() {
  close();
}

Result<std::uint16_t> TcpListener::listen(const std::string& address, std::uint16_t port) {
  auto listener = listen_on_tcp(address, port);
  if (!listener) return fail(std::move(listener).error());
  listen(std::move(listener->socket));
  return listener->port;
}

void TcpListener::listen(Fd socket) {
  state_->socket.assign(socket.release());
  state_->group.spawn("accept", accept_loop(state_));
}

int TcpListener::descriptor() const {
  return state_->socket.native_handle();
}

void TcpListener::close() {
  boost::system::error_code ignored;
  state_->socket.close(ignored);
}

Task<void> TcpListener::accept_loop(std::shared_ptr<State> state) {
  while (state->socket.is_open()) {
    const auto [error] = co_await state->socket.async_wait(asio::posix::descriptor_base::wait_read,
                                                           asio::as_tuple(asio::use_awaitable));
    if (error || !state->socket.is_open()) co_return;
    Fd fd(::accept4(state->socket.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      // Out of descriptors: without a pause this would spin.
      if (errno != EAGAIN && errno != ECONNABORTED) co_await sleep_for(Millis(100));
      continue;
    }
    if (state->connections >= state->max_connections) continue;
    keep_alive(fd.get());
    HttpPeer peer = peer_of(fd.get());
    std::shared_ptr<ByteStream> stream = adopt_socket(state->runtime, std::move(fd));
    ++state->connections;
    state->group.spawn("connection", serve_one(state, std::move(stream), std::move(peer)));
  }
}

Task<void> TcpListener::serve_one(std::shared_ptr<State> state, std::shared_ptr<ByteStream> stream,
                                  HttpPeer peer) {
  struct Count {
    std::shared_ptr<State> of;
    ~Count() { --of->connections; }
  };
  const Count count{state};
  co_await state->serve(std::move(stream), std::move(peer));
}

}  // namespace croft
