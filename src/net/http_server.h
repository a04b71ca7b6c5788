// HTTP/1.1 server on TCP addresses and unix sockets.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http_exchange.h"
#include "net/tls.h"
#include "task/task.h"

namespace croft {

struct HttpServerOptions {
  std::size_t max_header_bytes = 16u << 10;  // a longer head is answered 431
  Millis header_limit{10'000};               // for one whole request head once its first byte came
  Millis idle_limit{60'000};                 // between requests, and between pieces of a body
  // For a further one the idle one that is open for the longest time is closed; while none is idle,
  // it waits in the kernel's queue.
  std::size_t max_connections = 1024;
};

// Use: construct, listen_*() once or more, spawn run() in a group, stop() before joining the group.
class HttpServer {
 public:
  // `handler` must outlive the server.
  HttpServer(Runtime& runtime, HttpHandler& handler, HttpServerOptions options);
  HttpServer(const HttpServer&) = delete;
  ~HttpServer();

  // `address` is an IP address; port 0 takes a free one. Returns the real port.
  // kConflict when the port is taken, kForbidden when it needs privileges.
  Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port);
  // The same with TLS. kInvalid: the identity or the authority cannot be used.
  Result<std::uint16_t> listen_tls(const std::string& address, std::uint16_t port,
                                   const TlsServing& serving);
  // Replaces a socket left over at `path` when nobody listens on it (kConflict when somebody does).
  // `mode` as in chmod(2).
  Status listen_unix(const std::string& path, mode_t mode);

  // Accepts and serves until stop(), or until its task is cancelled.
  Task<void> run();
  // Stops accepting, lets open requests finish for `grace`, then cancels them; removes unix
  // sockets. Returns when run() has nothing left to do.
  Task<void> stop(Millis grace);

  std::size_t connections() const;
  // Requests since the start that the handler never saw: not HTTP, or a head that was too large or
  // not whole in time.
  std::int64_t refused() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft
