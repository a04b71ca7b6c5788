// HTTP/1.1 client for one server, on a unix socket or TCP, plain or TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/byte_stream.h"
#include "net/http.h"
#include "net/tls.h"
#include "net/web_socket.h"
#include "task/task.h"

namespace croft {

// Where a server is: either `socket_path`, or `host` and `port`.
struct HttpEndpoint {
  std::string socket_path;
  std::string host;  // name or address; also the Host header and the name the certificate must have
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_file;  // PEM file to trust instead of the system's; empty: the system's
  // SHA-256 (64 lower-case hex digits) of the one authority that is believed, instead of `ca_file`;
  // the server sends that certificate along. With it TLS 1.3 only.
  std::string authority_sha256;
  std::string tls_name;                         // the certificate must have it, instead of `host`
  std::shared_ptr<const TlsIdentity> identity;  // for a server that asks who its client is

  static HttpEndpoint unix_socket(std::string path);
  // From "http://…" or "https://…"; the path of the URL is ignored.
  static Result<HttpEndpoint> from_url(std::string_view url);
  // For messages: the socket path, or host:port.
  std::string describe() const;
};

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, already encoded
  HttpHeaders headers;       // Host, Content-Length and Transfer-Encoding are added
  std::string body;
  ByteSource* body_source = nullptr;  // sent chunked instead of `body`; must outlive the call
  // For the whole call up to the end of the response head; for send(), and with `limit_body` for
  // open(), also of the body.
  Millis limit{30'000};
  bool limit_body = false;
  // Largest response body that send() takes; more fails with kTooLarge.
  std::size_t max_body_bytes = 16u << 20;
  // Largest pause between two pieces of a streamed response body.
  Millis idle_limit = kNoLimit;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;
};

// A response whose body is read as it comes. Destroying it before the end drops the connection.
class HttpResponseStream : public ByteSource {
 public:
  virtual int status() const = 0;
  virtual const HttpHeaders& headers() const = 0;
};

// What a server answered to an Upgrade request. `stream` is null unless it switched protocols
// (101, or 200 as the container engine does for raw streams); then `response` is whole.
struct HttpUpgrade {
  HttpResponse response;
  std::unique_ptr<ByteStream> stream;
};

// Keeps a few idle connections for GET and HEAD; other methods open a new one, so that a request is
// never sent twice. Errors: kUnavailable (cannot connect, or the connection broke), kTimeout,
// kTooLarge, kInvalid (not HTTP). An error status of the server is not an Error here.
// Cancelling the calling task ends a call and drops its connection.
class HttpClient {
 public:
  HttpClient(Runtime& runtime, HttpEndpoint endpoint);
  HttpClient(const HttpClient&) = delete;
  ~HttpClient();

  // The whole response.
  Task<Result<HttpResponse>> send(const HttpRequest& request);
  // The head now, the body from the stream.
  Task<Result<std::unique_ptr<HttpResponseStream>>> open(const HttpRequest& request);
  // Sends the request with `Connection: Upgrade`; `protocol` goes into `Upgrade`.
  Task<Result<HttpUpgrade>> upgrade(const HttpRequest& request, std::string protocol);
  // Opens a WebSocket; `request.body` is not used. A refusal is an Error with the status and the
  // first part of the body in its message: kUnauthenticated for 401, kForbidden for 403, kNotFound
  // for 404, otherwise kFailed.
  Task<Result<std::unique_ptr<WebSocket>>> web_socket(const HttpRequest& request,
                                                      WebSocketLimits limits);

  const HttpEndpoint& endpoint() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft
