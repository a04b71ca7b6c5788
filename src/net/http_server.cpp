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

  Task<void> accept_from(Acceptor& acceptor);
  Task<void> accept_until_end();
  static Task<void> serve(std::shared_ptr<State> self, Fd socket);
  void close_acceptors();
  void close_one_idle();

  Runtime& runtime;
  Group tasks;
  Signal changed;  // a connection ended, or run() did
  Signal end;      // run() shall end
  HttpServing serving;
  std::list<Acceptor> acceptors;
  std::vector<std::string> socket_paths;
  std::list<HttpConnection*> connections;
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

Result<std::uint16_t> HttpServer::listen_tcp(const std::string& address, std::uint16_t port) {
  auto listener = listen_on_tcp(address, port);
  if (!listener) return fail(std::move(listener).error());
  Acceptor& acceptor = state_->acceptors.emplace_back(state_->runtime.io());
  acceptor.assign(asio::generic::stream_protocol(listener->family, 0), listener->socket.release());
  return listener->port;
}

Status HttpServer::listen_unix(const std::string& path, mode_t mode) {
  auto socket = listen_on_unix(path, mode);
  if (!socket) return fail(std::move(socket).error());
  Acceptor& acceptor = state_->acceptors.emplace_back(state_->runtime.io());
  acceptor.assign(asio::generic::stream_protocol(AF_UNIX, 0), socket->release());
  state_->socket_paths.push_back(path);
  return {};
}

void HttpServer::State::close_acceptors() {
  for (Acceptor& acceptor : acceptors) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
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

Task<void> HttpServer::State::serve(std::shared_ptr<State> self, Fd socket) {
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
  HttpConnection connection(self->serving, adopt_socket(self->runtime, std::move(socket)),
                            std::move(peer));
  const Registered registered(*self, connection);
  co_await connection.serve();
}

Task<void> HttpServer::State::accept_from(Acceptor& acceptor) {
  while (!serving.stopping) {
    auto [error, accepted] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
    if (error) {  // out of descriptors, or the peer left already
      log_warning("cannot accept a connection", {{"reason", error.message()}});
      co_await sleep_for(Millis(100));
      continue;
    }
    Fd socket(accepted.release());
    while (connections.size() >= serving.options.max_connections && !serving.stopping) {
      close_one_idle();
      co_await sleep_for(Millis(20));
    }
    tasks.spawn("http connection", serve(shared_from_this(), std::move(socket)));
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
  for (Acceptor& acceptor : acceptors) tasks.spawn("http accept", accept_from(acceptor));
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
