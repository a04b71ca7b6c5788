// Sockets as ByteStream. Used inside this folder only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.h"
#include "net/byte_stream.h"

namespace croft {

// kUnavailable with the reason when nobody listens there.
Task<Result<std::unique_ptr<ByteStream>>> connect_unix(Runtime& runtime, std::string path,
                                                       Millis limit);
// Tries every address that `host` resolves to, in order.
Task<Result<std::unique_ptr<ByteStream>>> connect_tcp(Runtime& runtime, std::string host,
                                                      std::uint16_t port, Millis limit);
// TCP, then TLS with the server's certificate checked for `host` against `ca_file` (PEM; empty: the
// system's store).
Task<Result<std::unique_ptr<ByteStream>>> connect_tls(Runtime& runtime, std::string host,
                                                      std::uint16_t port, std::string ca_file,
                                                      Millis limit);

// A connected stream socket of any family.
std::unique_ptr<ByteStream> adopt_socket(Runtime& runtime, Fd socket);

// `inner` with bytes in front that were read too far.
std::unique_ptr<ByteStream> with_leftover(std::shared_ptr<ByteStream> inner, std::string leftover);

}  // namespace croft
