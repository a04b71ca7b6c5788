#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/deadline.h"
#include "net/socket_stream.h"
#include "net/stream_impl.h"
#include "net/tcp_connect.h"

namespace croft {
namespace detail {
namespace {

namespace ssl = asio::ssl;
using TlsSocket = ssl::stream<PlainSocket>;

class TlsStream final : public StreamImpl<TlsSocket> {
 public:
  using StreamImpl::StreamImpl;

  // TLS as OpenSSL's stream offers it has no half-closed state.
  Task<Status> shutdown_write() override {
    co_return fail(ErrorCode::kUnsupported, "a TLS connection cannot be closed for writing only");
  }

  Task<Status> handshake(std::string host, Millis limit) {
    const auto state = state_;
    if (SSL_set_tlsext_host_name(state->stream.native_handle(), host.c_str()) != 1) {
      co_return fail(ErrorCode::kInvalid, fmt::format("{} is not a host name for TLS", host));
    }
    state->stream.set_verify_mode(ssl::verify_peer);
    state->stream.set_verify_callback(ssl::host_name_verification(host));
    Armed armed(state, state->read_watchdog, limit);
    const auto [error] = co_await state->stream.async_handshake(
        ssl::stream_base::client, asio::as_tuple(asio::use_awaitable));
    if (error) {
      co_return fail(stream_error(error, state->read_watchdog.timed_out(),
                                  fmt::format("TLS handshake with {}", host)));
    }
    co_return Status();
  }
};

Result<std::shared_ptr<ssl::context>> make_context(const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  error_code error;
  if (ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(ca_file, error);
  }
  if (error) {
    return fail(ErrorCode::kInvalid,
                fmt::format("certificates to trust in {}: {}",
                            ca_file.empty() ? "the system's store" : ca_file, error.message()));
  }
  return context;
}

}  // namespace
}  // namespace detail

Task<Result<std::unique_ptr<ByteStream>>> connect_tls(Runtime& runtime, std::string host,
                                                      std::uint16_t port, std::string ca_file,
                                                      Millis limit) {
  const Deadline deadline(limit);
  auto context = detail::make_context(ca_file);
  if (!context) co_return fail(std::move(context).error());
  auto socket = co_await detail::connect_socket(runtime, host, port, limit);
  if (!socket) co_return fail(std::move(socket).error());
  auto stream = std::make_unique<detail::TlsStream>(
      std::make_shared<detail::TlsStream::State>(runtime.io(), std::move(*socket), **context));
  const Status shaken = co_await stream->handshake(host, deadline.remaining());
  if (!shaken) co_return fail(Error(shaken.error()));
  co_return std::unique_ptr<ByteStream>(std::move(stream));
}

}  // namespace croft
