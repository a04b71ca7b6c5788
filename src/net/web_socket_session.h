// How client and server make WebSocket sessions out of connections. Used inside this folder only.
#pragma once

#include <memory>
#include <string>

#include "net/byte_stream.h"
#include "net/http.h"
#include "net/http_client.h"
#include "net/web_socket.h"

namespace croft {

struct OpenedWebSocket {
  std::unique_ptr<WebSocket> socket;  // null: refused, with the next two
  int status = 0;
  std::string body;
};

// The client's handshake. `request` gives target, headers and limit.
Task<Result<OpenedWebSocket>> open_web_socket(Runtime& runtime, std::unique_ptr<ByteStream> stream,
                                              std::string host, const HttpRequest& request,
                                              WebSocketLimits limits);

// The server's handshake for a request whose head was read. kInvalid when it is not a handshake.
Task<Result<std::unique_ptr<WebSocket>>> accept_web_socket(Runtime& runtime,
                                                           std::unique_ptr<ByteStream> stream,
                                                           const std::string& target,
                                                           const HttpHeaders& headers,
                                                           WebSocketLimits limits);

// Whether these are the headers of a WebSocket handshake.
bool is_web_socket_request(const std::string& method, const HttpHeaders& headers);

}  // namespace croft
