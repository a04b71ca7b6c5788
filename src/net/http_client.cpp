#include "net/http_client.h"

#include <fmt/format.h>

#include <chrono>
#include <vector>

#include "net/deadline.h"
#include "net/http_parser.h"
#include "net/socket_stream.h"
#include "net/url.h"
#include "net/web_socket_session.h"

namespace croft {
namespace {

constexpr std::size_t kMaxHeadBytes = 64u << 10;  // of a response
constexpr std::size_t kReadBytes = 64u << 10;
constexpr std::size_t kMaxIdle = 4;
constexpr std::chrono::seconds kMaxIdleTime{20};  // shorter than servers keep idle connections

// A connection and the bytes read from it that nobody has used yet.
struct Connection {
  std::unique_ptr<ByteStream> stream;
  std::string input;
  std::chrono::steady_clock::time_point idle_since{};
};

bool is_repeatable(const HttpRequest& request) {
  return (request.method == "GET" || request.method == "HEAD") && request.body_source == nullptr;
}

ErrorCode code_of_refusal(int status) {
  switch (status) {
    case 401:
      return ErrorCode::kUnauthenticated;
    case 403:
      return ErrorCode::kForbidden;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 429:
      return ErrorCode::kRateLimited;
    default:
      return ErrorCode::kFailed;
  }
}

}  // namespace

struct HttpClient::State : std::enable_shared_from_this<HttpClient::State> {
  State(Runtime& r, HttpEndpoint e) : runtime(r), endpoint(std::move(e)) {}

  std::string host_header() const;
  Task<Result<Connection>> connect(Millis limit);
  std::optional<Connection> take_idle();
  void keep(Connection connection);
  // Sends the request over `connection` and reads the response head into `parser`.
  Task<Status> exchange(Connection& connection, HttpParser& parser, const HttpRequest& request,
                        const HttpHeaders& extra, const Deadline& deadline);
  Task<Status> send_request(ByteStream& stream, const HttpRequest& request, std::string head,
                            const Deadline& deadline);

  Runtime& runtime;
  HttpEndpoint endpoint;
  std::vector<Connection> idle;
};

namespace {

class ResponseStream final : public HttpResponseStream {
 public:
  ResponseStream(std::function<void(Connection)> keep, Connection connection, HttpParser parser,
                 Millis idle_limit, Deadline deadline)
      : keep_(std::move(keep)),
        connection_(std::move(connection)),
        parser_(std::move(parser)),
        idle_limit_(idle_limit),
        deadline_(deadline) {}

  int status() const override { return parser_.status(); }
  const HttpHeaders& headers() const override { return parser_.headers(); }

  Task<Result<std::optional<std::string>>> next() override {
    return next_within(std::min(idle_limit_, deadline_.remaining()));
  }

  Task<Result<std::optional<std::string>>> next_within(Millis limit) {
    while (true) {
      CROFT_CO_TRY(parser_.feed(connection_.input));
      std::string piece = parser_.take_body();
      if (!piece.empty()) co_return piece;
      if (parser_.message_done()) break;
      auto data = co_await connection_.stream->read_some(kReadBytes, limit);
      if (!data) co_return fail(std::move(data).error());
      if (data->empty()) {
        CROFT_CO_TRY(parser_.end_of_input());
        break;
      }
      connection_.input += *data;
    }
    if (connection_.stream && parser_.keep_alive() && connection_.input.empty()) {
      keep_(std::move(connection_));
    }
    co_return std::nullopt;
  }

 private:
  std::function<void(Connection)> keep_;
  Connection connection_;
  HttpParser parser_;
  Millis idle_limit_;
  Deadline deadline_;
};

Task<Status> read_head(Connection& connection, HttpParser& parser, const Deadline& deadline) {
  while (true) {
    CROFT_CO_TRY(parser.feed(connection.input));
    if (parser.head_done()) co_return Status();
    auto data = co_await connection.stream->read_some(kReadBytes, deadline.remaining());
    if (!data) co_return fail(std::move(data).error());
    if (data->empty()) {
      co_return fail(ErrorCode::kUnavailable, "the server closed the connection without an answer");
    }
    connection.input += *data;
  }
}

}  // namespace

std::string HttpClient::State::host_header() const {
  if (!endpoint.socket_path.empty()) return "localhost";
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host;
  if (endpoint.port == (endpoint.tls ? 443 : 80)) return host;
  return fmt::format("{}:{}", host, endpoint.port);
}

Task<Result<Connection>> HttpClient::State::connect(Millis limit) {
  Result<std::unique_ptr<ByteStream>> stream;
  if (!endpoint.socket_path.empty()) {
    stream = co_await connect_unix(runtime, endpoint.socket_path, limit);
  } else if (endpoint.tls) {
    stream = co_await connect_tls(runtime, endpoint, limit);
  } else {
    stream = co_await connect_tcp(runtime, endpoint.host, endpoint.port, limit);
  }
  if (!stream) co_return fail(std::move(stream).error());
  Connection connection;
  connection.stream = std::move(*stream);
  co_return connection;
}

std::optional<Connection> HttpClient::State::take_idle() {
  const auto oldest = std::chrono::steady_clock::now() - kMaxIdleTime;
  while (!idle.empty()) {
    Connection connection = std::move(idle.back());
    idle.pop_back();
    if (connection.idle_since > oldest) return connection;
  }
  return std::nullopt;
}

void HttpClient::State::keep(Connection connection) {
  if (idle.size() >= kMaxIdle) idle.erase(idle.begin());
  connection.idle_since = std::chrono::steady_clock::now();
  idle.push_back(std::move(connection));
}

Task<Status> HttpClient::State::send_request(ByteStream& stream, const HttpRequest& request,
                                             std::string head, const Deadline& deadline) {
  if (request.body_source == nullptr) {
    co_return co_await stream.write_all(head + request.body, deadline.remaining());
  }
  Status sent = co_await stream.write_all(std::move(head), deadline.remaining());
  while (sent) {
    auto piece = co_await request.body_source->next();
    if (!piece) co_return fail(std::move(piece).error());
    const bool last = !*piece;
    sent = co_await stream.write_all(format_chunk(last ? std::string() : **piece),
                                     deadline.remaining());
    if (last) break;
  }
  co_return sent;
}

Task<Status> HttpClient::State::exchange(Connection& connection, HttpParser& parser,
                                         const HttpRequest& request, const HttpHeaders& extra,
                                         const Deadline& deadline) {
  HttpHeaders headers{{"Host", host_header()}};
  for (const auto& [name, value] : request.headers.all()) headers.add(name, value);
  for (const auto& [name, value] : extra.all()) headers.add(name, value);
  if (request.body_source != nullptr) {
    headers.set("Transfer-Encoding", "chunked");
  } else if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    headers.set("Content-Length", std::to_string(request.body.size()));
  }
  auto head = format_request_head(request.method, request.target, headers);
  if (!head) co_return fail(std::move(head).error());
  const Status sent =
      co_await send_request(*connection.stream, request, std::move(*head), deadline);
  // A server may answer early and stop reading: its answer says more than the broken pipe does.
  if (!sent && sent.error().code() != ErrorCode::kUnavailable) co_return sent;
  if (request.method == "HEAD") parser.expect_no_body();
  while (true) {
    const Status got = co_await read_head(connection, parser, deadline);
    if (!got) co_return sent ? got : sent;
    const bool interim = parser.status() >= 100 && parser.status() < 200 && parser.status() != 101;
    if (!interim) co_return Status();
    parser = HttpParser(HttpParser::Role::kResponse, kMaxHeadBytes);
    if (request.method == "HEAD") parser.expect_no_body();
  }
}

HttpClient::HttpClient(Runtime& runtime, HttpEndpoint endpoint)
    : state_(std::make_shared<State>(runtime, std::move(endpoint))) {}
HttpClient::~HttpClient() = default;

const HttpEndpoint& HttpClient::endpoint() const {
  return state_->endpoint;
}

Task<Result<std::unique_ptr<HttpResponseStream>>> HttpClient::open(const HttpRequest& request) {
  const auto state = state_;
  const Deadline deadline(request.limit);
  const HttpHeaders none;
  while (true) {
    std::optional<Connection> kept;
    if (is_repeatable(request)) kept = state->take_idle();
    const bool reused = kept.has_value();
    if (!kept) {
      auto fresh = co_await state->connect(deadline.remaining());
      if (!fresh) co_return fail(std::move(fresh).error());
      kept = std::move(*fresh);
    }
    HttpParser parser(HttpParser::Role::kResponse, kMaxHeadBytes);
    const Status done = co_await state->exchange(*kept, parser, request, none, deadline);
    if (done) {
      std::unique_ptr<HttpResponseStream> stream = std::make_unique<ResponseStream>(
          [state](Connection connection) { state->keep(std::move(connection)); }, std::move(*kept),
          std::move(parser), request.idle_limit,
          request.limit_body ? deadline : Deadline(kNoLimit));
      co_return stream;
    }
    // The server closed a kept connection while it was idle: once more, on a fresh one in the end.
    const bool stale =
        reused && !parser.got_any() && done.error().code() == ErrorCode::kUnavailable;
    if (!stale) co_return fail(Error(done.error()));
  }
}

Task<Result<HttpResponse>> HttpClient::send(const HttpRequest& request) {
  const Deadline deadline(request.limit);
  auto opened = co_await open(request);
  if (!opened) co_return fail(std::move(opened).error());
  auto& stream = static_cast<ResponseStream&>(**opened);
  HttpResponse response{stream.status(), stream.headers(), {}};
  while (true) {
    auto piece = co_await stream.next_within(deadline.remaining());
    if (!piece) co_return fail(std::move(piece).error());
    if (!*piece) co_return response;
    if ((*piece)->size() > request.max_body_bytes - response.body.size()) {
      co_return fail(ErrorCode::kTooLarge,
                     fmt::format("{} {}: the answer is larger than {} bytes", request.method,
                                 request.target, request.max_body_bytes));
    }
    response.body += **piece;
  }
}

Task<Result<HttpUpgrade>> HttpClient::upgrade(const HttpRequest& request, std::string protocol) {
  const auto state = state_;
  const Deadline deadline(request.limit);
  auto connection = co_await state->connect(deadline.remaining());
  if (!connection) co_return fail(std::move(connection).error());
  HttpParser parser(HttpParser::Role::kResponse, kMaxHeadBytes);
  const HttpHeaders extra{{"Connection", "Upgrade"}, {"Upgrade", std::move(protocol)}};
  CROFT_CO_TRY(co_await state->exchange(*connection, parser, request, extra, deadline));
  HttpUpgrade result;
  result.response = {parser.status(), parser.headers(), {}};
  const bool raw = parser.status() == 200 && !parser.headers().find("Content-Length") &&
                   !parser.headers().find("Transfer-Encoding");
  if (parser.status() == 101 || raw) {
    result.stream = with_leftover(std::move(connection->stream), std::move(connection->input));
    co_return result;
  }
  ResponseStream body([](Connection) {}, std::move(*connection), std::move(parser), kNoLimit,
                      deadline);
  auto whole = co_await read_all(body, request.max_body_bytes);
  if (!whole) co_return fail(std::move(whole).error());
  result.response.body = std::move(*whole);
  co_return result;
}

Task<Result<std::unique_ptr<WebSocket>>> HttpClient::web_socket(const HttpRequest& request,
                                                                WebSocketLimits limits) {
  const auto state = state_;
  const Deadline deadline(request.limit);
  auto connection = co_await state->connect(deadline.remaining());
  if (!connection) co_return fail(std::move(connection).error());
  auto opened = co_await open_web_socket(state->runtime, std::move(connection->stream),
                                         state->host_header(), request, limits);
  if (!opened) co_return fail(std::move(opened).error());
  if (opened->socket) co_return std::move(opened->socket);
  co_return fail(code_of_refusal(opened->status),
                 fmt::format("{}: the server answered {} {}: {}", request.target, opened->status,
                             http_reason(opened->status), opened->body.substr(0, 500)));
}

HttpEndpoint HttpEndpoint::unix_socket(std::string path) {
  HttpEndpoint endpoint;
  endpoint.socket_path = std::move(path);
  return endpoint;
}

Result<HttpEndpoint> HttpEndpoint::from_url(std::string_view url) {
  auto parsed = Url::parse(url);
  if (!parsed) return fail(std::move(parsed).error());
  HttpEndpoint endpoint;
  endpoint.host = parsed->host;
  endpoint.port = parsed->port;
  endpoint.tls = parsed->scheme == "https" || parsed->scheme == "wss";
  return endpoint;
}

std::string HttpEndpoint::describe() const {
  return socket_path.empty() ? fmt::format("{}:{}", host, port) : socket_path;
}

}  // namespace croft
