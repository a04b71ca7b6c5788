// One connection of the server: reads requests, runs the handler, keeps the connection or closes
// it.
#pragma once

#include <memory>
#include <string>

#include "net/byte_stream.h"
#include "net/http_exchange.h"
#include "net/http_server.h"
#include "task/group.h"

namespace croft {

// What connections share with their server.
struct HttpServing {
  Runtime& runtime;
  HttpHandler& handler;
  HttpServerOptions options;
  Group& tasks;
  bool stopping = false;     // answer what is open, keep nothing
  std::int64_t refused = 0;  // requests that never came to the handler
};

class HttpConnection {
 public:
  HttpConnection(HttpServing& serving, std::shared_ptr<ByteStream> stream, HttpPeer peer)
      : serving_(serving), stream_(std::move(stream)), peer_(std::move(peer)) {}
  HttpConnection(const HttpConnection&) = delete;
  // Closes: a watcher of the connection may still read from it.
  ~HttpConnection();

  // Until the peer or the server closes.
  Task<void> serve();
  // Closes it when it waits for a request; false when it does not, or is closed already.
  bool close_if_idle();
  bool closed() const { return closed_; }  // by close_if_idle(); on its way out

 private:
  struct Head;
  Task<bool> read_head(Head& head);
  Task<bool> serve_one(Head& head);
  Task<void> refuse(int status, Error error);
  Task<void> linger();

  HttpServing& serving_;
  std::shared_ptr<ByteStream> stream_;
  HttpPeer peer_;
  std::string input_;  // read, not used yet
  bool idle_ = true;
  bool closed_ = false;
};

}  // namespace croft
