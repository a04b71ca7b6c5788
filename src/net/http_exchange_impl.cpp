#include "net/http_exchange_impl.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/utf8.h"
#include "net/socket_stream.h"
#include "net/web_socket_session.h"

namespace croft {
namespace {

constexpr std::size_t kReadBytes = 64u << 10;

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) return false;
    path.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

HttpExchangeImpl::~HttpExchangeImpl() {
  if (watch_) watch_->signal = nullptr;
}

Status HttpExchangeImpl::decode_target() {
  const std::string& target = parser_.target();
  const std::size_t mark = target.find('?');
  const std::string_view raw_path = std::string_view(target).substr(0, mark);
  if (!raw_path.starts_with('/')) {
    return fail(ErrorCode::kInvalid, "the request target must be a path that starts with '/'");
  }
  auto path = percent_decode(raw_path);
  const bool hides_slash = raw_path.find("%2F") != std::string_view::npos ||
                           raw_path.find("%2f") != std::string_view::npos;
  if (!path || hides_slash || has_dot_segment(*path)) {
    return fail(ErrorCode::kInvalid,
                "the path holds a broken escape, an escaped slash, or a '.' or '..' segment");
  }
  // Paths are logged, audited and named in answers, which are JSON.
  if (!is_utf8(*path)) return fail(ErrorCode::kInvalid, "the path is not UTF-8");
  path_ = std::move(*path);
  if (mark == std::string::npos) return {};
  auto query = Query::parse(std::string_view(target).substr(mark + 1));
  if (!query) return fail(std::move(query).error());
  for (const auto& [name, value] : query->all()) {
    if (!is_utf8(name) || !is_utf8(value)) {
      return fail(ErrorCode::kInvalid, "the query is not UTF-8");
    }
  }
  query_ = std::move(*query);
  return {};
}

Task<Result<std::optional<std::string>>> HttpExchangeImpl::read_body_piece(std::size_t max_bytes) {
  if (!continue_sent_ && input_.empty() && !parser_.message_done() &&
      headers().has_token("Expect", "100-continue")) {
    continue_sent_ = true;
    CROFT_CO_TRY(co_await send("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  while (true) {
    CROFT_CO_TRY(parser_.feed(input_));
    std::string piece = parser_.take_body();
    body_bytes_ += piece.size();
    if (body_bytes_ > max_bytes) {
      co_return fail(ErrorCode::kTooLarge,
                     fmt::format("the request body is larger than {} bytes", max_bytes));
    }
    if (!piece.empty()) co_return piece;
    if (parser_.message_done()) co_return std::nullopt;
    auto data = co_await stream_->read_some(kReadBytes, serving_.options.idle_limit);
    if (!data) co_return fail(std::move(data).error());
    if (data->empty()) {
      co_return fail(ErrorCode::kUnavailable, "the client went away while it sent the request");
    }
    input_ += *data;
  }
}

Task<Result<std::string>> HttpExchangeImpl::read_body(std::size_t max_bytes) {
  std::string body;
  while (true) {
    auto piece = co_await read_body_piece(max_bytes);
    if (!piece) co_return fail(std::move(piece).error());
    if (!*piece) co_return body;
    body += **piece;
  }
}

bool HttpExchangeImpl::has_body(int status) const {
  return method() != "HEAD" && status >= 200 && status != 204 && status != 304;
}

bool HttpExchangeImpl::reusable() const {
  return answer_ == Answer::kDone && keep_alive_ && parser_.message_done();
}

// Fills in what the connection needs and formats the head.
Status HttpExchangeImpl::begin_answer(int status, HttpHeaders& headers, std::string* head) {
  check(answer_ == Answer::kNone, "an HTTP exchange was answered twice");
  sends_body_ = has_body(status);
  keep_alive_ = parser_.keep_alive() && !serving_.stopping && !watch_;
  if (headers.has_token("Connection", "close")) keep_alive_ = false;
  if (!keep_alive_) {
    headers.set("Connection", "close");
  } else if (parser_.http_1_0()) {
    headers.set("Connection", "keep-alive");
  }
  auto formatted = format_response_head(status, headers);
  if (!formatted) {
    report_bug("a handler gave an HTTP header that cannot be sent");
    return fail(std::move(formatted).error());
  }
  *head = std::move(*formatted);
  return {};
}

Task<Status> HttpExchangeImpl::send(std::string data) {
  return stream_->write_all(std::move(data), serving_.options.idle_limit);
}

Task<Status> HttpExchangeImpl::respond(int status, HttpHeaders headers, std::string body) {
  if (status != 204 && status != 304) headers.set("Content-Length", std::to_string(body.size()));
  std::string head;
  CROFT_CO_TRY(begin_answer(status, headers, &head));
  answer_ = Answer::kStarted;
  if (sends_body_) head += body;
  CROFT_CO_TRY(co_await send(std::move(head)));
  answer_ = Answer::kDone;
  co_return Status();
}

Task<Status> HttpExchangeImpl::start(int status, HttpHeaders headers) {
  const bool sized = headers.find("Content-Length").has_value();
  chunked_ = !sized && !parser_.http_1_0() && has_body(status);
  if (chunked_) headers.set("Transfer-Encoding", "chunked");
  if (!sized && !chunked_ && has_body(status)) headers.set("Connection", "close");
  std::string head;
  CROFT_CO_TRY(begin_answer(status, headers, &head));
  answer_ = Answer::kStarted;
  co_return co_await send(std::move(head));
}

Task<Status> HttpExchangeImpl::write(std::string piece) {
  check(answer_ == Answer::kStarted, "HttpExchange::write() outside start() and finish()");
  if (client_gone()) co_return fail(ErrorCode::kUnavailable, "the client went away");
  if (piece.empty() || !sends_body_) co_return Status();
  co_return co_await send(chunked_ ? format_chunk(piece) : std::move(piece));
}

Task<Status> HttpExchangeImpl::finish() {
  check(answer_ == Answer::kStarted, "HttpExchange::finish() outside an answer");
  if (chunked_ && sends_body_) CROFT_CO_TRY(co_await send(format_chunk({})));
  answer_ = Answer::kDone;
  co_return Status();
}

Task<void> HttpExchangeImpl::watch_client(std::shared_ptr<ByteStream> stream,
                                          std::shared_ptr<Watch> watch) {
  while (true) {
    const auto data = co_await stream->read_some(kReadBytes, kNoLimit);
    if (!data || data->empty()) break;
  }
  watch->gone = true;
  if (watch->signal != nullptr) watch->signal->notify();
}

void HttpExchangeImpl::notify_when_gone(Signal& signal) {
  check(!watch_, "HttpExchange::notify_when_gone() was called twice");
  keep_alive_ = false;
  watch_ = std::make_shared<Watch>();
  watch_->signal = &signal;
  serving_.tasks.spawn("http client watch", watch_client(stream_, watch_));
}

bool HttpExchangeImpl::wants_web_socket() const {
  return is_web_socket_request(method(), headers());
}

Task<Result<std::unique_ptr<WebSocket>>> HttpExchangeImpl::accept_web_socket(
    WebSocketLimits limits) {
  if (!wants_web_socket()) {
    co_await respond(400, {{"Content-Type", "text/plain"}}, "this address speaks WebSocket only\n");
    co_return fail(ErrorCode::kInvalid, "not a WebSocket request");
  }
  check(answer_ == Answer::kNone, "an HTTP exchange was answered twice");
  answer_ = Answer::kTakenOver;
  auto stream = with_leftover(std::exchange(stream_, nullptr), std::exchange(input_, {}));
  co_return co_await croft::accept_web_socket(serving_.runtime, std::move(stream), parser_.target(),
                                              headers(), limits);
}

}  // namespace croft
