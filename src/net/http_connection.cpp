#include "net/http_connection.h"

#include <fmt/format.h>

#include <exception>

#include "base/log.h"
#include "net/deadline.h"
#include "net/http_exchange_impl.h"
#include "net/http_parser.h"

namespace croft {
namespace {

constexpr std::size_t kReadBytes = 64u << 10;
// After an answer that came before the whole request: so much is read and dropped, so that the
// answer is not lost in a connection reset.
constexpr std::size_t kLingerBytes = 1u << 20;
constexpr Millis kLingerTime{2000};

}  // namespace

struct HttpConnection::Head {
  explicit Head(std::size_t max_bytes) : parser(HttpParser::Role::kRequest, max_bytes) {}
  HttpParser parser;
};

HttpConnection::~HttpConnection() {
  if (stream_) stream_->close();
}

bool HttpConnection::close_if_idle() {
  if (!idle_ || closed_ || !stream_) return false;
  closed_ = true;
  stream_->close();
  return true;
}

Task<void> HttpConnection::refuse(int status, Error error) {
  ++serving_.refused;
  HttpAnswer answer = serving_.handler.refusal(status, error);
  answer.headers.set("Content-Length", std::to_string(answer.body.size()));
  answer.headers.set("Connection", "close");
  auto head = format_response_head(answer.status, answer.headers);
  if (!head) co_return;
  co_await stream_->write_all(*head + answer.body, serving_.options.idle_limit);
  co_await linger();
}

Task<void> HttpConnection::linger() {
  const Deadline deadline(kLingerTime);
  const Status closed = co_await stream_->shutdown_write();
  if (!closed) co_return;
  for (std::size_t dropped = 0; dropped < kLingerBytes;) {
    const auto data = co_await stream_->read_some(kReadBytes, deadline.remaining());
    if (!data || data->empty()) co_return;
    dropped += data->size();
  }
}

// False when there is no request to serve; a refusal has been sent then.
Task<bool> HttpConnection::read_head(Head& head) {
  const HttpServerOptions& options = serving_.options;
  std::optional<Deadline> deadline;  // from the first byte on
  while (true) {
    const Status fed = head.parser.feed(input_);
    if (!fed) {
      const bool too_large = fed.error().code() == ErrorCode::kTooLarge;
      co_await refuse(too_large ? 431 : 400, fed.error());
      co_return false;
    }
    if (head.parser.head_done()) co_return true;
    idle_ = !head.parser.got_any() && input_.empty();
    if (idle_ && serving_.stopping) co_return false;
    if (!idle_ && !deadline) deadline.emplace(options.header_limit);
    const Millis limit = deadline ? deadline->remaining() : options.idle_limit;
    const auto data = co_await stream_->read_some(kReadBytes, limit);
    if (!data && deadline && data.error().code() == ErrorCode::kTimeout) ++serving_.refused;
    if (!data || data->empty()) co_return false;
    idle_ = false;
    input_ += *data;
  }
}

// True when another request may follow.
Task<bool> HttpConnection::serve_one(Head& head) {
  HttpExchangeImpl exchange(serving_, stream_, input_, head.parser, peer_);
  const Status decoded = exchange.decode_target();
  if (!decoded) {
    co_await refuse(400, decoded.error());
    co_return false;
  }
  if (!head.parser.http_1_0() && !head.parser.headers().find("Host")) {
    co_await refuse(400, Error(ErrorCode::kInvalid, "the Host header is missing"));
    co_return false;
  }
  std::exception_ptr failure;
  try {
    co_await serving_.handler.handle(exchange);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!exchange.answered()) {
    // Throws again when this task is cancelled: then nobody waits for an answer.
    if (!failure) log_error("an HTTP handler did not answer", {{"path", exchange.path()}});
    co_await exchange.respond(500, {{"Content-Type", "text/plain"}}, "internal error\n");
  }
  if (failure) std::rethrow_exception(failure);
  if (exchange.reusable()) co_return true;
  if (stream_ && exchange.body_unread() && !exchange.client_gone()) co_await linger();
  co_return false;
}

Task<void> HttpConnection::serve() {
  bool more = true;
  while (more && stream_) {
    Head head(serving_.options.max_header_bytes);
    more = co_await read_head(head);
    if (more) more = co_await serve_one(head);
    idle_ = true;
  }
}

}  // namespace croft
