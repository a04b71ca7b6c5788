#include "net/web_socket_session.h"

#include <fmt/format.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "net/deadline.h"
#include "net/stream_impl.h"

namespace croft {
namespace detail {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

struct IoResult {
  error_code error;
  std::size_t count = 0;
};

error_code to_error_code(const Error& error) {
  if (error.code() == ErrorCode::kTimeout) return asio::error::timed_out;
  if (error.code() == ErrorCode::kCancelled) return asio::error::operation_aborted;
  return asio::error::connection_reset;
}

Task<IoResult> read_into(std::shared_ptr<ByteStream> stream, asio::mutable_buffer buffer) {
  const auto data = co_await stream->read_some(std::max<std::size_t>(buffer.size(), 1), kNoLimit);
  if (!data) co_return IoResult{to_error_code(data.error()), 0};
  if (data->empty()) co_return IoResult{asio::error::eof, 0};
  co_return IoResult{{}, asio::buffer_copy(buffer, asio::buffer(*data))};
}

Task<IoResult> write_from(std::shared_ptr<ByteStream> stream, std::string data) {
  const std::size_t count = data.size();
  const Status done = co_await stream->write_all(std::move(data), kNoLimit);
  if (!done) co_return IoResult{to_error_code(done.error()), 0};
  co_return IoResult{{}, count};
}

// After the close frames: lets the peer read ours before the connection goes, also when it still
// sends.
Task<IoResult> tear_down(std::shared_ptr<ByteStream> stream) {
  constexpr std::size_t kMaxDropped = 4u << 20;
  const Deadline deadline(Millis(2000));
  const Status closed = co_await stream->shutdown_write();
  for (std::size_t dropped = 0; closed && dropped < kMaxDropped;) {
    const auto data = co_await stream->read_some(kMaxReadBytes, deadline.remaining());
    if (!data || data->empty()) break;
    dropped += data->size();
  }
  stream->close();
  co_return IoResult{};
}

// A ByteStream in the form that Beast's WebSocket wants below it.
class Wire {
 public:
  using executor_type = asio::any_io_executor;

  Wire(executor_type executor, std::shared_ptr<ByteStream> stream)
      : executor_(std::move(executor)), stream_(std::move(stream)) {}

  executor_type get_executor() const { return executor_; }
  void close() { stream_->close(); }

  template <class Handler>
  void tear_down_then(Handler handler) {
    run(tear_down(stream_),
        [h = std::move(handler)](error_code error, std::size_t) mutable { std::move(h)(error); });
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, asio::mutable_buffer buffer) {
          run(read_into(stream_, buffer), std::move(handler));
        },
        token, first_of<asio::mutable_buffer>(buffers));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, std::string data) {
          run(write_from(stream_, std::move(data)), std::move(handler));
        },
        token, beast::buffers_to_string(buffers));
  }

 private:
  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers);
         ++it) {
      const Buffer buffer = *it;
      if (buffer.size() > 0) return buffer;
    }
    return {};
  }

  template <class Handler>
  void run(Task<IoResult> task, Handler handler) {
    const auto slot = asio::get_associated_cancellation_slot(handler);
    auto done = [h = std::move(handler)](std::exception_ptr failure, IoResult result) mutable {
      if (failure) result.error = asio::error::operation_aborted;
      std::move(h)(result.error, result.count);
    };
    asio::co_spawn(executor_, std::move(task), asio::bind_cancellation_slot(slot, std::move(done)));
  }

  executor_type executor_;
  std::shared_ptr<ByteStream> stream_;
};

// Found by Beast through the type of its argument.
void beast_close_socket(Wire& wire) {
  wire.close();
}

[[maybe_unused]] void teardown(beast::role_type, Wire& wire, error_code& error) {
  wire.close();
  error = {};
}

template <class Handler>
void async_teardown(beast::role_type, Wire& wire, Handler&& handler) {
  wire.tear_down_then(std::forward<Handler>(handler));
}

using Socket = websocket::stream<Wire, false>;

struct Session {
  Session(Runtime& runtime, std::unique_ptr<ByteStream> stream, WebSocketLimits with)
      : limits(with),
        socket(Wire(runtime.io().get_executor(), std::move(stream))),
        write_watchdog(runtime.io()) {
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = limits.write_limit;
    timeout.idle_timeout = websocket::stream_base::none();
    if (limits.idle_limit != kNoLimit) timeout.idle_timeout = limits.idle_limit;
    timeout.keep_alive_pings = limits.idle_limit != kNoLimit;
    socket.set_option(timeout);
    socket.read_message_max(limits.max_message_bytes);
    socket.auto_fragment(false);
  }
  WebSocketLimits limits;
  Socket socket;
  Watchdog write_watchdog;
};

Error web_socket_error(const error_code& error, std::string_view what) {
  const std::string text = fmt::format("WebSocket {}: {}", what, error.message());
  if (error == websocket::error::message_too_big) return Error(ErrorCode::kTooLarge, text);
  if (error == asio::error::operation_aborted) return Error(ErrorCode::kCancelled, text);
  if (error == beast::error::timeout || error == asio::error::timed_out) {
    return Error(ErrorCode::kTimeout, text);
  }
  const bool is_transport = error == asio::error::eof || error == asio::error::connection_reset ||
                            error == websocket::error::closed;
  return Error(is_transport ? ErrorCode::kUnavailable : ErrorCode::kInvalid, text);
}

class WebSocketImpl final : public WebSocket {
 public:
  explicit WebSocketImpl(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  ~WebSocketImpl() override { abort(); }

  Task<Result<std::optional<WebSocketMessage>>> read() override {
    const auto session = session_;
    beast::flat_buffer buffer;
    const auto [error, count] =
        co_await session->socket.async_read(buffer, asio::as_tuple(asio::use_awaitable));
    if (error == websocket::error::closed) co_return std::nullopt;
    if (error) co_return fail(web_socket_error(error, "read"));
    co_return WebSocketMessage{session->socket.got_binary(),
                               beast::buffers_to_string(buffer.data())};
  }

  Task<Status> write(WebSocketMessage message) override {
    const auto session = session_;
    session->socket.binary(message.binary);
    const auto buffer = asio::buffer(message.data);
    Guard guard(session);
    const auto [error, count] =
        co_await session->socket.async_write(buffer, asio::as_tuple(asio::use_awaitable));
    if (error && session->write_watchdog.timed_out()) {
      co_return fail(ErrorCode::kTimeout, "WebSocket write: the peer takes nothing");
    }
    if (error) co_return fail(web_socket_error(error, "write"));
    co_return Status();
  }

  Task<Status> close(std::uint16_t code, std::string reason) override {
    const auto session = session_;
    websocket::close_reason why(code);
    why.reason.assign(reason.data(), std::min<std::size_t>(reason.size(), why.reason.max_size()));
    Guard guard(session);
    const auto [error] =
        co_await session->socket.async_close(why, asio::as_tuple(asio::use_awaitable));
    if (error && error != websocket::error::closed) {
      co_return fail(web_socket_error(error, "close"));
    }
    co_return Status();
  }

  void abort() override { session_->socket.next_layer().close(); }
  std::uint16_t close_code() const override {
    const std::uint16_t code = session_->socket.reason().code;
    return code == websocket::close_code::none ? websocket::close_code::no_status : code;
  }
  std::string close_reason() const override {
    return std::string(session_->socket.reason().reason.c_str());
  }

 private:
  class Guard {
   public:
    explicit Guard(const std::shared_ptr<Session>& session) : watchdog_(session->write_watchdog) {
      watchdog_.arm(session->limits.write_limit,
                    [session] { session->socket.next_layer().close(); });
    }
    Guard(const Guard&) = delete;
    ~Guard() { watchdog_.disarm(); }

   private:
    Watchdog& watchdog_;
  };

  std::shared_ptr<Session> session_;
};

}  // namespace
}  // namespace detail

using namespace detail;

bool is_web_socket_request(const std::string& method, const HttpHeaders& headers) {
  return method == "GET" && headers.has_token("Connection", "upgrade") &&
         headers.has_token("Upgrade", "websocket") && headers.find("Sec-WebSocket-Key") &&
         headers.find("Sec-WebSocket-Version") == "13";
}

Task<Result<OpenedWebSocket>> open_web_socket(Runtime& runtime, std::unique_ptr<ByteStream> stream,
                                              std::string host, const HttpRequest& request,
                                              WebSocketLimits limits) {
  const auto session = std::make_shared<Session>(runtime, std::move(stream), limits);
  session->socket.set_option(websocket::stream_base::decorator(
      [headers = request.headers](websocket::request_type& message) {
        for (const auto& [name, value] : headers.all()) message.insert(name, value);
      }));
  websocket::response_type response;
  const auto [error] = co_await session->socket.async_handshake(
      response, host, request.target, asio::as_tuple(asio::use_awaitable));
  if (error == websocket::error::upgrade_declined) {
    co_return OpenedWebSocket{nullptr, static_cast<int>(response.result_int()), response.body()};
  }
  if (error) co_return fail(web_socket_error(error, "handshake"));
  co_return OpenedWebSocket{std::make_unique<WebSocketImpl>(session), 101, {}};
}

Task<Result<std::unique_ptr<WebSocket>>> accept_web_socket(Runtime& runtime,
                                                           std::unique_ptr<ByteStream> stream,
                                                           const std::string& target,
                                                           const HttpHeaders& headers,
                                                           WebSocketLimits limits) {
  const auto session = std::make_shared<Session>(runtime, std::move(stream), limits);
  http::request<http::empty_body> request(http::verb::get, target, 11);
  for (const auto& [name, value] : headers.all()) request.insert(name, value);
  const auto [error] =
      co_await session->socket.async_accept(request, asio::as_tuple(asio::use_awaitable));
  if (error) co_return fail(web_socket_error(error, "handshake"));
  co_return std::unique_ptr<WebSocket>(std::make_unique<WebSocketImpl>(session));
}

}  // namespace croft
