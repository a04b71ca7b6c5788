#include <sys/socket.h>

#include <array>
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

  Task<Status> connect(std::string name, Millis limit) {
    const auto state = state_;
    if (SSL_set_tlsext_host_name(state->stream.native_handle(), name.c_str()) != 1) {
      co_return fail(ErrorCode::kInvalid, fmt::format("{} is not a host name for TLS", name));
    }
    state->stream.set_verify_mode(ssl::verify_peer);
    state->stream.set_verify_callback(ssl::host_name_verification(name));
    co_return co_await shake(ssl::stream_base::client, fmt::format("TLS handshake with {}", name),
                             limit);
  }

  Task<Status> shake(ssl::stream_base::handshake_type side, std::string what, Millis limit) {
    const auto state = state_;
    Armed armed(state, state->read_watchdog, limit);
    const auto [error] =
        co_await state->stream.async_handshake(side, asio::as_tuple(asio::use_awaitable));
    if (error) co_return fail(stream_error(error, state->read_watchdog.timed_out(), what));
    co_return Status();
  }

  // Common name of the peer's certificate; empty: it has none, or it is not plain text.
  std::string peer_name() const {
    X509* const certificate = SSL_get0_peer_certificate(state_->stream.native_handle());
    std::array<char, 65> name{};  // a common name has at most 64 characters
    if (certificate == nullptr) return {};
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                               name.data(), static_cast<int>(name.size()));
    const std::string text(name.data());
    return size == static_cast<int>(text.size()) ? text : std::string();
  }
};

// Believes one authority only: the certificate among those that came whose hash is `wanted`, a
// std::string.
int verify_pinned(X509_STORE_CTX* context, void* wanted) {
  STACK_OF(X509)* const came = X509_STORE_CTX_get0_untrusted(context);
  for (int i = 0; i < sk_X509_num(came); ++i) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(sk_X509_value(came, i), EVP_sha256(), digest.data(), &size) != 1) continue;
    std::string text;
    for (unsigned at = 0; at < size; ++at) text += fmt::format("{:02x}", digest[at]);
    if (text != *static_cast<const std::string*>(wanted)) continue;
    STACK_OF(X509)* const believed = sk_X509_new_null();
    sk_X509_push(believed, sk_X509_value(came, i));
    X509_STORE_CTX_set0_trusted_stack(context, believed);
    const int verified = X509_verify_cert(context);
    sk_X509_free(believed);
    return verified;
  }
  X509_STORE_CTX_set_error(context, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
  return 0;
}

error_code use_identity(ssl::context& context, const TlsIdentity& identity) {
  error_code error;
  context.use_certificate_chain(asio::buffer(identity.certificate), error);
  if (!error) {
    context.use_private_key(asio::buffer(identity.key.reveal()), ssl::context::pem, error);
  }
  return error;
}

tl::unexpected<Error> bad_identity(const error_code& error) {
  return fail(ErrorCode::kInvalid,
              fmt::format("own certificate and key for TLS: {}", error.message()));
}

Result<std::shared_ptr<ssl::context>> make_context(const HttpEndpoint& endpoint) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  const std::string& ca_file = endpoint.ca_file;
  error_code error;
  if (!endpoint.authority_sha256.empty()) {
    // There is no second handshake in TLS 1.3: the string is used in the first one only.
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_3_VERSION);
    SSL_CTX_set_cert_verify_callback(context->native_handle(), &verify_pinned,
                                     const_cast<std::string*>(&endpoint.authority_sha256));
  } else {
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    if (ca_file.empty()) {
      context->set_default_verify_paths(error);
    } else {
      context->load_verify_file(ca_file, error);
    }
  }
  if (error) {
    return fail(ErrorCode::kInvalid,
                fmt::format("certificates to trust in {}: {}",
                            ca_file.empty() ? "the system's store" : ca_file, error.message()));
  }
  if (endpoint.identity) error = use_identity(*context, *endpoint.identity);
  if (error) return bad_identity(error);
  return context;
}

}  // namespace
}  // namespace detail

using namespace detail;

Task<Result<std::unique_ptr<ByteStream>>> connect_tls(Runtime& runtime,
                                                      const HttpEndpoint& endpoint, Millis limit) {
  const Deadline deadline(limit);
  auto context = make_context(endpoint);
  if (!context) co_return fail(std::move(context).error());
  auto socket = co_await connect_socket(runtime, endpoint.host, endpoint.port, limit);
  if (!socket) co_return fail(std::move(socket).error());
  auto stream = std::make_unique<TlsStream>(
      std::make_shared<TlsStream::State>(runtime.io(), std::move(*socket), **context));
  const std::string& name = endpoint.tls_name.empty() ? endpoint.host : endpoint.tls_name;
  const Status shaken = co_await stream->connect(name, deadline.remaining());
  if (!shaken) co_return fail(Error(shaken.error()));
  co_return std::unique_ptr<ByteStream>(std::move(stream));
}

class TlsServer {
 public:
  ssl::context context{ssl::context::tls_server};
};

Result<std::shared_ptr<TlsServer>> make_tls_server(const TlsServing& serving) {
  auto server = std::make_shared<TlsServer>();
  SSL_CTX* const native = server->context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
  // Every connection proves everything anew.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  if (const error_code error = use_identity(server->context, serving.identity)) {
    return bad_identity(error);
  }
  error_code error;
  server->context.add_certificate_authority(asio::buffer(serving.client_authority), error);
  if (error) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the authority of TLS clients: {}", error.message()));
  }
  server->context.set_verify_mode(ssl::verify_peer, error);
  return server;
}

Task<Result<AcceptedTls>> accept_tls(Runtime& runtime, std::shared_ptr<TlsServer> server, Fd socket,
                                     Millis limit) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof family;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
  PlainSocket plain(runtime.io());
  error_code error;
  plain.assign(asio::generic::stream_protocol(family, 0), socket.get(), error);
  if (error) co_return fail(stream_error(error, false, "accept a TLS connection"));
  socket.release();
  auto stream = std::make_unique<TlsStream>(
      std::make_shared<TlsStream::State>(runtime.io(), std::move(plain), server->context));
  const Status shaken = co_await stream->shake(ssl::stream_base::server, "TLS handshake", limit);
  if (!shaken) co_return fail(Error(shaken.error()));
  AcceptedTls accepted;
  accepted.certificate_name = stream->peer_name();
  accepted.stream = std::move(stream);
  co_return accepted;
}

}  // namespace croft
