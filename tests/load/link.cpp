#include "link.h"

#include <fmt/format.h>
#include <poll.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <optional>

namespace croft::load {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadBytes = 64u << 10;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

std::string kind_of(const error_code& error) {
  if (error == asio::error::connection_refused) return "refused";
  if (error == asio::error::connection_reset || error == asio::error::broken_pipe) return "reset";
  if (error == asio::error::eof || error == ssl::error::stream_truncated) return "closed";
  if (error == asio::error::timed_out) return "timeout";
  if (error == asio::error::host_unreachable || error == asio::error::network_unreachable) {
    return "unreachable";
  }
  if (error.category() == asio::error::get_ssl_category()) return "tls";
  return "io";
}

}  // namespace

struct TlsSettings::Impl {
  ssl::context context{ssl::context::tls_client};
  bool verify = false;
};

Result<TlsSettings> TlsSettings::make(const std::string& ca_file) {
  TlsSettings settings;
  settings.impl_ = std::make_shared<Impl>();
  SSL_CTX_set_session_cache_mode(settings.impl_->context.native_handle(), SSL_SESS_CACHE_OFF);
  if (ca_file.empty()) return settings;
  error_code error;
  settings.impl_->context.load_verify_file(ca_file, error);
  if (error) {
    return fail(ErrorCode::kInvalid, fmt::format("--ca {}: {}", ca_file, error.message()));
  }
  settings.impl_->verify = true;
  return settings;
}

struct Link::State {
  explicit State(asio::io_context& io) : socket(io), timer(io) {}

  tcp::socket& plain() { return tls ? tls->next_layer() : socket; }
  void close() {
    timer.cancel();
    error_code ignored;
    plain().close(ignored);
  }
  Fault fault(const error_code& error, std::string_view what) const {
    if (timed_out) return {"timeout", fmt::format("{}: no answer in time", what)};
    return {kind_of(error), fmt::format("{}: {}", what, error.message())};
  }

  tcp::socket socket;
  std::shared_ptr<TlsSettings::Impl> settings;  // outlives the stream that uses it
  std::optional<ssl::stream<tcp::socket>> tls;
  asio::steady_timer timer;
  std::uint64_t armed = 0;
  bool timed_out = false;
};

Link::Link(Runtime& runtime) : state_(std::make_shared<State>(runtime.io())) {}

Link::~Link() {
  state_->close();
}

Task<Fault> Link::open(const Target& target, const TlsSettings& tls, bool h2) {
  const auto state = state_;
  const std::string what =
      fmt::format("connect to {}:{}", target.connect_host, target.connect_port);
  tcp::resolver resolver(state->socket.get_executor());
  const auto [unresolved, found] = co_await resolver.async_resolve(
      target.connect_host, std::to_string(target.connect_port), kToken);
  if (unresolved) co_return Fault{"resolve", fmt::format("{}: {}", what, unresolved.message())};
  // The deadline may have passed while there was no socket yet that it could close.
  if (state->timed_out) co_return state->fault({}, what);
  const auto [refused, endpoint] = co_await asio::async_connect(state->socket, found, kToken);
  if (refused || state->timed_out) co_return state->fault(refused, what);
  error_code ignored;
  state->socket.set_option(tcp::no_delay(true), ignored);
  if (!target.tls) co_return Fault{};

  state->settings = tls.impl_;
  state->tls.emplace(std::move(state->socket), tls.impl_->context);
  SSL* handle = state->tls->native_handle();
  SSL_set_tlsext_host_name(handle, target.host.c_str());
  static constexpr unsigned char kH2[] = "\x02h2";
  static constexpr unsigned char kH1[] = "\x08http/1.1";
  SSL_set_alpn_protos(handle, h2 ? kH2 : kH1, h2 ? sizeof kH2 - 1 : sizeof kH1 - 1);
  if (tls.impl_->verify) {
    state->tls->set_verify_mode(ssl::verify_peer);
    state->tls->set_verify_callback(ssl::host_name_verification(target.host));
  }
  const auto [error] = co_await state->tls->async_handshake(ssl::stream_base::client, kToken);
  if (error) {
    Fault fault = state->fault(error, "TLS handshake");
    if (!state->timed_out) fault.kind = "tls_" + fault.kind;
    co_return fault;
  }
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(handle, &protocol, &size);
  const std::string agreed(reinterpret_cast<const char*>(protocol), size);
  if (h2 && agreed != "h2") co_return Fault{"alpn", "the server does not agree to HTTP/2"};
  co_return Fault{};
}

Task<Fault> Link::write(std::string data, bool* left) {
  const auto state = state_;
  const auto buffer = asio::buffer(data);
  error_code error;
  std::size_t count = 0;
  if (state->tls) {
    std::tie(error, count) = co_await asio::async_write(*state->tls, buffer, kToken);
  } else {
    std::tie(error, count) = co_await asio::async_write(state->socket, buffer, kToken);
  }
  if (count > 0) *left = true;
  if (error) co_return state->fault(error, "write");
  co_return Fault{};
}

Task<Fault> Link::read(std::string* into) {
  const auto state = state_;
  const std::size_t before = into->size();
  into->resize(before + kReadBytes);
  const auto buffer = asio::buffer(into->data() + before, kReadBytes);
  error_code error;
  std::size_t count = 0;
  if (state->tls) {
    std::tie(error, count) = co_await state->tls->async_read_some(buffer, kToken);
  } else {
    std::tie(error, count) = co_await state->socket.async_read_some(buffer, kToken);
  }
  into->resize(before + count);
  if (count > 0) co_return Fault{};
  if (error) co_return state->fault(error, "read");
  co_return Fault{"closed", "read: end of file"};
}

void Link::set_deadline(TimePoint deadline) {
  const auto state = state_;
  state->timer.expires_at(deadline);
  state->timer.async_wait([state, mine = ++state->armed](error_code error) {
    if (error || mine != state->armed) return;
    state->timed_out = true;
    state->close();
  });
}

bool Link::peer_closed() const {
  // Readable data alone says nothing: it may be a TLS session ticket.
  pollfd look{.fd = state_->plain().native_handle(), .events = POLLRDHUP, .revents = 0};
  return poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void Link::close() {
  state_->close();
}

}  // namespace croft::load
