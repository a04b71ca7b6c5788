#include "net/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>

#include "base/log.h"
#include "net/deadline.h"
#include "net/http_connection.h"
#include "net/listen.h"
#include "net/socket_stream.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft {

namespace asio = boost::asio;
// How long a wait for a signal may last before it looks again; nothing depends on it.
constexpr Millis kWakeUp{3'600'000};

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

struct HttpServer::State : std::enable_shared_from_this<HttpServer::State> {
  State(Runtime& r, HttpHandler& handler, const HttpServerOptions& options)
      : runtime(r), tasks(r), changed(r), end(r), serving{r, handler, options, tasks} {}

  // Where connections come in.
  struct Entrance {
    Acceptor acceptor;
    std::shared_ptr<TlsServer> tls;  // null: plain
  };

  Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port,
                                   std::shared_ptr<TlsServer> tls);
  Task<void> accept_from(Entrance& entrance);
  Task<void> accept_until_end();
  static Task<void> serve(std::shared_ptr<State> self, Fd socket, std::shared_ptr<TlsServer> tls);
  Task<std::unique_ptr<ByteStream>> open_stream(Fd socket, std::shared_ptr<TlsServer> tls,
                                                HttpPeer& peer);
  void close_acceptors();
  void close_one_idle();

  Runtime& runtime;
  Group tasks;
  Signal changed;  // a connection ended, or run() did
  Signal end;      // run() shall end
  HttpServing serving;
  std::list<Entrance> entrances;
  std::vector<std::string> socket_paths;
  std::list<HttpConnection*> connections;
  std::size_t handshaking = 0;  // accepted, not connections yet
  bool running = false;
  bool ending = false;
};

HttpServer::HttpServer(Runtime& runtime, HttpHandler& handler, HttpServerOptions options)
    : state_(std::make_shared<State>(runtime, handler, options)) {}
HttpServer::~HttpServer() {
  state_->close_acceptors();
}

std::size_t HttpServer::connections() const {
  return state_->connections.size();
}

std::int64_t HttpServer::refused() const {
  return state_->serving.refused;
}

Result<std::uint16_t> HttpServer::State::listen_tcp(const std::string& address, std::uint16_t port,
                                                    std::shared_ptr<TlsServer> tls) {
  auto listener = listen_on_tcp(address, port);
  if (!listener) return fail(std::move(listener).error());
  Entrance& entrance = entrances.emplace_back(Acceptor(runtime.io()), std::move(tls));
  entrance.acceptor.assign(asio::generic::stream_protocol(listener->family, 0),
                           listener->socket.release());
  return listener->port;
}

Result<std::uint16_t> HttpServer::listen_tcp(const std::string& address, std::uint16_t port) {
  return state_->listen_tcp(address, port, nullptr);
}

Result<std::uint16_t> HttpServer::listen_tls(const std::string& address, std::uint16_t port,
                                             const TlsServing& serving) {
  auto tls = make_tls_server(serving);
  if (!tls) return fail(std::move(tls).error());
  return state_->listen_tcp(address, port, std::move(*tls));
}

Status HttpServer::listen_unix(const std::string& path, mode_t mode) {
  auto socket = listen_on_unix(path, mode);
  if (!socket) return fail(std::move(socket).error());
  auto& entrance = state_->entrances.emplace_back(Acceptor(state_->runtime.io()), nullptr);
  entrance.acceptor.assign(asio::generic::stream_protocol(AF_UNIX, 0), socket->release());
  state_->socket_paths.push_back(path);
  return {};
}

void HttpServer::State::close_acceptors() {
  for (Entrance& entrance : entrances) {
    boost::system::error_code ignored;
    entrance.acceptor.close(ignored);
  }
  for (const std::string& path : socket_paths) ::unlink(path.c_str());
  socket_paths.clear();
}

// The one that is open for the longest time: connections that nobody uses must not keep others out.
void HttpServer::State::close_one_idle() {
  for (HttpConnection* connection : connections) {
    if (connection->closed() || connection->close_if_idle()) return;
  }
}

// A connection as requests come over it; null when a handshake failed. Fills in `peer`.
Task<std::unique_ptr<ByteStream>> HttpServer::State::open_stream(Fd socket,
                                                                 std::shared_ptr<TlsServer> tls,
                                                                 HttpPeer& peer) {
  if (!tls) co_return adopt_socket(runtime, std::move(socket));
  struct Counted {
    explicit Counted(std::size_t& c) : count(c) { ++count; }
    Counted(const Counted&) = delete;
    ~Counted() { --count; }
    std::size_t& count;
  };
  const Counted counted(handshaking);
  auto accepted =
      co_await accept_tls(runtime, std::move(tls), std::move(socket), serving.options.header_limit);
  if (!accepted) {
    log_info("a TLS handshake failed",
             {{"peer", peer.address}, {"reason", accepted.error().message()}});
    co_return nullptr;
  }
  peer.certificate_name = std::move(accepted->certificate_name);
  co_return std::move(accepted->stream);
}

Task<void> HttpServer::State::serve(std::shared_ptr<State> self, Fd socket,
                                    std::shared_ptr<TlsServer> tls) {
  // Leaves the list also when the connection is cut by cancellation.
  struct Registered {
    Registered(State& s, HttpConnection& connection)
        : state(s), place(s.connections.insert(s.connections.end(), &connection)) {}
    Registered(const Registered&) = delete;
    ~Registered() {
      state.connections.erase(place);
      state.changed.notify();
    }
    State& state;
    std::list<HttpConnection*>::iterator place;
  };
  HttpPeer peer = peer_of(socket.get());
  auto stream = co_await self->open_stream(std::move(socket), std::move(tls), peer);
  if (!stream || self->serving.stopping) co_return;
  HttpConnection connection(self->serving, std::move(stream), std::move(peer));
  const Registered registered(*self, connection);
  co_await connection.serve();
}

Task<void> HttpServer::State::accept_from(Entrance& entrance) {
  while (!serving.stopping) {
    auto [error, accepted] =
        co_await entrance.acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
    if (error) {  // out of descriptors, or the peer left already
      log_warning("cannot accept a connection", {{"reason", error.message()}});
      co_await sleep_for(Millis(100));
      continue;
    }
    Fd socket(accepted.release());
    while (connections.size() + handshaking >= serving.options.max_connections &&
           !serving.stopping) {
      close_one_idle();
      co_await sleep_for(Millis(20));
    }
    tasks.spawn("http connection", serve(shared_from_this(), std::move(socket), entrance.tls));
  }
}

Task<void> HttpServer::State::accept_until_end() {
  // Also when the task is cancelled: no connection may come in while the others are ended.
  struct Accepting {
    State& state;
    ~Accepting() {
      state.serving.stopping = true;
      state.close_acceptors();
    }
  };
  const Accepting accepting{*this};
  for (Entrance& entrance : entrances) tasks.spawn("http accept", accept_from(entrance));
  while (!ending) co_await end.wait_for(kWakeUp);
}

Task<void> HttpServer::run() {
  struct Running {
    explicit Running(std::shared_ptr<State> s) : state(std::move(s)) { state->running = true; }
    Running(const Running&) = delete;
    ~Running() {
      state->running = false;
      state->changed.notify();
    }
    std::shared_ptr<State> state;
  };
  const Running running(state_);
  co_await running.state->tasks.run(running.state->accept_until_end());
}

Task<void> HttpServer::stop(Millis grace) {
  const auto state = state_;
  const Deadline deadline(grace);
  state->serving.stopping = true;
  state->close_acceptors();
  for (HttpConnection* connection : state->connections) connection->close_if_idle();
  while (!state->connections.empty() && deadline.remaining() > Millis(0)) {
    co_await state->changed.wait_for(std::min(deadline.remaining(), kWakeUp));
  }
  state->ending = true;
  state->end.notify();
  while (state->running) co_await state->changed.wait_for(kWakeUp);
}

}  // namespace croft
