// Accepts TCP connections on one address and runs a task for each.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "net/byte_stream.h"
#include "net/http_exchange.h"
#include "task/group.h"

namespace croft {

class TcpListener {
 public:
  using Serve = std::function<Task<void>(std::shared_ptr<ByteStream>, HttpPeer)>;

  // Tasks run in `group`, which outlives the listener. Beyond `max_connections` at a time, new ones
  // are closed at once: an instance must not use up the core's descriptors.
  TcpListener(Runtime& runtime, Group& group, Serve serve, std::size_t max_connections);
  TcpListener(const TcpListener&) = delete;
  ~TcpListener();

  // Port 0 takes a free one; returns the real port. Accepting begins at once.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);
  // The same on a socket that listens already.
  void listen(Fd socket);
  int descriptor() const;
  // Stops accepting; connections go on.
  void close();

 private:
  struct State;
  static Task<void> accept_loop(std::shared_ptr<State> state);
  static Task<void> serve_one(std::shared_ptr<State> state, std::shared_ptr<ByteStream> stream,
                              HttpPeer peer);
  std::shared_ptr<State> state_;
};

}  // namespace croft
