// One request and its answer, as a handler sees them.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/byte_stream.h"
#include "net/http.h"
#include "net/url.h"
#include "net/web_socket.h"
#include "task/signal.h"
#include "task/task.h"

namespace croft {

// Who is at the other end.
struct HttpPeer {
  std::string address;  // IP address; empty on a unix socket
  std::uint16_t port = 0;
  std::optional<uid_t> uid;  // on a unix socket, as the kernel says
  std::optional<pid_t> pid;
  // Common name of the certificate that the client proved to have; empty: none (net/tls.h).
  std::string certificate_name;
};

// A handler answers exactly once: respond(), or start() … finish(), or accept_web_socket(). A
// handler that returns without an answer gets a 500 sent for it.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  virtual const std::string& method() const = 0;
  virtual const std::string& path() const = 0;  // decoded; starts with '/', no "." or ".." segments
  virtual const std::string& raw_target() const = 0;
  virtual const Query& query() const = 0;
  virtual const HttpHeaders& headers() const = 0;
  virtual const HttpPeer& peer() const = 0;

  // The request body piece by piece; nullopt at its end. kTooLarge when the body passes `max_bytes`
  // in total, kTimeout when the client pauses longer than the server's idle limit, kUnavailable
  // when it went away.
  virtual Task<Result<std::optional<std::string>>> read_body_piece(std::size_t max_bytes) = 0;
  // The request body whole.
  virtual Task<Result<std::string>> read_body(std::size_t max_bytes) = 0;

  // A whole answer. An error means that the client went away; there is nothing to do about it.
  virtual Task<Status> respond(int status, HttpHeaders headers, std::string body) = 0;

  // Sends the head of an answer whose body follows by write() in chunks.
  virtual Task<Status> start(int status, HttpHeaders headers) = 0;
  // Waits until the piece is handed to the kernel: a slow client slows the handler down. Fails with
  // kUnavailable when the client went away, kTimeout when it takes nothing for the idle limit.
  virtual Task<Status> write(std::string piece) = 0;
  virtual Task<Status> finish() = 0;

  // From now on watches the connection: `signal` is notified once when the client goes away, and
  // client_gone() turns true. Call it after the body was read; `signal` must outlive the exchange.
  // The connection is not reused afterwards.
  virtual void notify_when_gone(Signal& signal) = 0;
  virtual bool client_gone() const = 0;

  virtual bool wants_web_socket() const = 0;
  // Answers the handshake. kInvalid (and a 400 has been sent) when the request is not one.
  virtual Task<Result<std::unique_ptr<WebSocket>>> accept_web_socket(WebSocketLimits limits) = 0;
};

struct HttpAnswer {
  int status = 0;
  HttpHeaders headers;
  std::string body;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Runs as one task per request; cancelled when the server stops and its grace time has passed.
  virtual Task<void> handle(HttpExchange& exchange) = 0;
  // What is answered, before the connection closes, to what never becomes an exchange: `status` is
  // 431 for a head that is too large, 400 for one that is not HTTP or names no path.
  virtual HttpAnswer refusal(int status, const Error& error) {
    return {.status = status,
            .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
            .body = error.message() + "\n"};
  }
};

}  // namespace croft
