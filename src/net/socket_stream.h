// Sockets as ByteStream. Used inside this folder only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.h"
#include "net/byte_stream.h"
#include "net/http_client.h"
#include "net/tls.h"

namespace croft {

// kUnavailable with the reason when nobody listens there.
Task<Result<std::unique_ptr<ByteStream>>> connect_unix(Runtime& runtime, std::string path,
                                                       Millis limit);
// Tries every address that `host` resolves to, in order.
Task<Result<std::unique_ptr<ByteStream>>> connect_tcp(Runtime& runtime, std::string host,
                                                      std::uint16_t port, Millis limit);
// TCP, then TLS as `endpoint` says, which must outlive the call.
Task<Result<std::unique_ptr<ByteStream>>> connect_tls(Runtime& runtime,
                                                      const HttpEndpoint& endpoint, Millis limit);

// What a server's TLS connections share.
class TlsServer;
// kInvalid: a certificate or key that cannot be used.
Result<std::shared_ptr<TlsServer>> make_tls_server(const TlsServing& serving);

struct AcceptedTls {
  std::unique_ptr<ByteStream> stream;
  std::string certificate_name;  // of the client; empty: it showed none
};
// The server's side of the handshake on a connected socket.
Task<Result<AcceptedTls>> accept_tls(Runtime& runtime, std::shared_ptr<TlsServer> server, Fd socket,
                                     Millis limit);

// A connected stream socket of any family.
std::unique_ptr<ByteStream> adopt_socket(Runtime& runtime, Fd socket);

// `inner` with bytes in front that were read too far.
std::unique_ptr<ByteStream> with_leftover(std::shared_ptr<ByteStream> inner, std::string leftover);

}  // namespace croft
