// Client and server together, over loopback (port 0) and unix sockets in a temporary directory.
#include <sys/stat.h>

#include "net/http_test_fixture.h"

namespace croft {
namespace {

Task<void> simple_requests(HttpClient& client) {
  const HttpRequest request = get("/some%20path?a=1&b=x%26y");
  auto response = co_await client.send(request);
  EXPECT_TRUE(response);
  if (!response) co_return;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "GET /some path a=1 b=x&y");
  EXPECT_EQ(response->headers.find("x-test"), "yes");
  HttpRequest head = get("/x");
  head.method = "HEAD";
  response = co_await client.send(head);
  EXPECT_TRUE(response && response->body.empty() && response->status == 200);
  const HttpRequest echo = post("/echo", "hello");
  response = co_await client.send(echo);
  EXPECT_TRUE(response && response->body == "hello" && response->status == 201);
}

TEST_F(HttpServerTest, AnswersOverTcp) {
  start({});
  HttpClient client(runtime, endpoint);
  run(simple_requests(client));
  EXPECT_EQ(handler.requests, 3);
}

Task<void> count_connections(HttpClient& client, HttpServer& server) {
  for (int i = 0; i < 3; ++i) {
    const HttpRequest request = get("/x");
    auto response = co_await client.send(request);
    EXPECT_TRUE(response);
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpServerTest, ReusesConnections) {
  start({});
  HttpClient client(runtime, endpoint);
  run(count_connections(client, *server));
}

Task<void> send_get(HttpClient& client, std::string target, Result<HttpResponse>& out) {
  const HttpRequest request = get(std::move(target));
  out = co_await client.send(request);
}

TEST_F(HttpServerTest, TellsWhoIsAtAUnixSocketAndRemovesIt) {
  start({});
  const std::string path = (directory / "http.sock").string();
  ASSERT_TRUE(server->listen_unix(path, 0600));
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  HttpServer second(runtime, handler, {});
  const Status taken = second.listen_unix(path, 0600);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), ErrorCode::kConflict);

  HttpClient client(runtime, HttpEndpoint::unix_socket(path));
  Result<HttpResponse> response;
  run(send_get(client, "/who", response));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "GET /who uid=" + std::to_string(::getuid()));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(HttpServerTest, ReachesAUnixSocketWithALongPath) {
  start({});
  ASSERT_TRUE(server->listen_unix((directory / "http.sock").string(), 0600));
  const auto deep = directory / std::string(150, 'd');
  std::filesystem::create_directory_symlink(directory, deep);
  HttpClient client(runtime, HttpEndpoint::unix_socket((deep / "http.sock").string()));
  Result<HttpResponse> response;
  run(send_get(client, "/who", response));
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->status, 200);
}

TEST_F(HttpServerTest, ReplacesASocketNobodyListensOn) {
  const std::string path = (directory / "stale.sock").string();
  start({});
  {
    HttpServer crashed(runtime, handler, {});
    ASSERT_TRUE(crashed.listen_unix(path, 0600));
    std::filesystem::create_hard_link(path, path + ".kept");
  }
  std::filesystem::rename(path + ".kept", path);
  EXPECT_TRUE(server->listen_unix(path, 0600));
}

TEST_F(HttpServerTest, TellsThatAPortIsTaken) {
  start({});
  HttpServer second(runtime, handler, {});
  const auto port = second.listen_tcp("127.0.0.1", endpoint.port);
  ASSERT_FALSE(port);
  EXPECT_EQ(port.error().code(), ErrorCode::kConflict);
  EXPECT_FALSE(second.listen_tcp("localhost", 0));
}

TEST_F(HttpServerTest, AClientWithoutServerSaysSo) {
  start({});
  HttpClient client(runtime, HttpEndpoint::unix_socket((directory / "none.sock").string()));
  Result<HttpResponse> response;
  run(send_get(client, "/", response));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), ErrorCode::kUnavailable);
}

Task<void> read_pieces(HttpClient& client, std::string& all, int& pieces) {
  const HttpRequest request = get("/pieces");
  auto stream = co_await client.open(request);
  EXPECT_TRUE(stream);
  if (!stream) co_return;
  while (true) {
    auto piece = co_await (*stream)->next();
    EXPECT_TRUE(piece);
    if (!piece || !*piece) break;
    ++pieces;
    all += **piece;
  }
}

TEST_F(HttpServerTest, StreamsAnAnswer) {
  start({});
  HttpClient client(runtime, endpoint);
  std::string all;
  int pieces = 0;
  run(read_pieces(client, all, pieces));
  EXPECT_EQ(all, "piece 0\npiece 1\npiece 2\n");
  EXPECT_GE(pieces, 1);
}

Task<void> follow_and_leave(HttpClient& client, TestHandler& handler) {
  {
    const HttpRequest request = get("/follow");
    auto stream = co_await client.open(request);
    EXPECT_TRUE(stream);
    if (!stream) co_return;
    auto piece = co_await (*stream)->next();
    EXPECT_TRUE(piece && *piece == "data: first\n\n");
  }
  EXPECT_TRUE(co_await handler.gone.wait_for(kLimit));
}

TEST_F(HttpServerTest, NoticesThatAFollowerLeft) {
  start({});
  HttpClient client(runtime, endpoint);
  run(follow_and_leave(client, handler));
  EXPECT_EQ(handler.last_error, "unavailable");
}

class CountedSource final : public ByteSource {
 public:
  explicit CountedSource(int pieces) : left_(pieces) {}
  Task<Result<std::optional<std::string>>> next() override {
    if (left_-- == 0) co_return std::nullopt;
    co_return std::string(100, 'x');
  }

 private:
  int left_;
};

Task<void> upload(HttpClient& client, int pieces, Result<HttpResponse>& out) {
  CountedSource source(pieces);
  HttpRequest request = post("/echo", "");
  request.headers.add("Expect", "100-continue");
  request.body_source = &source;
  out = co_await client.send(request);
}

TEST_F(HttpServerTest, TakesAStreamedBody) {
  start({});
  HttpClient client(runtime, endpoint);
  Result<HttpResponse> response;
  run(upload(client, 10, response));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, std::string(1000, 'x'));
}

TEST_F(HttpServerTest, CapsTheBody) {
  start({});
  HttpClient client(runtime, endpoint);
  Result<HttpResponse> response;
  run(upload(client, 5000, response));
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(handler.last_error, "too-large");
}

Task<void> into(Task<std::string> task, std::string& out) {
  out = co_await std::move(task);
}

TEST_F(HttpServerTest, RefusesBadRequests) {
  const std::pair<std::string, std::string> cases[] = {
      {"nonsense\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /a%2fb HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /%2e%2e/b HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /a%ff HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /a?b=%c3 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n",
       "HTTP/1.1 431 "}};
  start({});
  for (const auto& [request, status] : cases) {
    start({});
    std::string answer;
    run(into(raw(request), answer));
    EXPECT_EQ(answer.substr(0, status.size()), status) << request.substr(0, 60);
    EXPECT_EQ(server->refused(), 1) << request.substr(0, 60);
  }
  EXPECT_EQ(handler.requests, 0);
}

class OwnWords final : public HttpHandler {
  Task<void> handle(HttpExchange&) override { co_return; }
  HttpAnswer refusal(int status, const Error&) override {
    return {.status = status,
            .headers = {{"Content-Type", "application/test"}},
            .body = std::to_string(status) + " code"};
  }
};

TEST_F(HttpServerTest, RefusesInTheHandlersWords) {
  OwnWords words;
  server.emplace(runtime, words, HttpServerOptions{});
  endpoint.host = "127.0.0.1";
  endpoint.port = server->listen_tcp(endpoint.host, 0).value_or(0);
  std::string answer;
  run(into(raw("GET /?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n"), answer));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Type: application/test\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Content-Length: 8\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n400 code")) << answer;
}

TEST_F(HttpServerTest, ClosesASlowHeadAndAnIdleConnection) {
  HttpServerOptions options;
  options.header_limit = Millis(20);
  start(options);
  std::string answer = "none";
  run(into(raw("GET / HT"), answer));
  EXPECT_EQ(answer, "");
  EXPECT_EQ(server->refused(), 1);
  options.header_limit = kLimit;
  options.idle_limit = Millis(20);
  start(options);
  answer = "none";
  run(into(raw(""), answer));
  EXPECT_EQ(answer, "");
  EXPECT_EQ(server->refused(), 0);
}

TEST_F(HttpServerTest, SpeaksOldHttp) {
  start({});
  std::string answer;
  run(into(raw("GET /pieces HTTP/1.0\r\n\r\n"), answer));
  EXPECT_NE(answer.find("\r\n\r\npiece 0\npiece 1\npiece 2\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("chunked"), std::string::npos);
}

TEST_F(HttpServerTest, AnswersForHandlersThatFail) {
  start({});
  HttpClient client(runtime, endpoint);
  Result<HttpResponse> response;
  run(send_get(client, "/throw", response));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body.find("handler bug"), std::string::npos);
  start({});
  HttpClient other(runtime, endpoint);
  run(send_get(other, "/silent", response));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
}

Task<void> time_out(HttpClient& client, Result<HttpResponse>& out) {
  HttpRequest request = get("/hang");
  request.limit = Millis(20);
  out = co_await client.send(request);
}

// The handler still hangs when the server stops: stop() with no grace cancels it.
TEST_F(HttpServerTest, LimitsARequestAndCancelsHandlersAtTheEnd) {
  start({});
  HttpClient client(runtime, endpoint);
  Result<HttpResponse> response;
  run(time_out(client, response));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), ErrorCode::kTimeout);
}

struct Crowd {
  std::vector<std::shared_ptr<ByteStream>> silent;
  std::string answer;
  std::string seen_by_oldest;
};

Task<void> come_when_full(Runtime* runtime, HttpEndpoint endpoint, HttpServer* server, int count,
                          Crowd* crowd) {
  for (int i = 0; i < count; ++i) {
    auto stream = co_await connect_tcp(*runtime, endpoint.host, endpoint.port, kLimit);
    if (!stream) co_return;
    crowd->silent.push_back(std::move(*stream));
    while (server->connections() < crowd->silent.size()) co_await sleep_for(Millis(1));
  }
  auto mine = co_await connect_tcp(*runtime, endpoint.host, endpoint.port, kLimit);
  if (!mine) co_return;
  co_await (*mine)->write_all("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                              kLimit);
  const auto answer = co_await (*mine)->read_some(1000, kLimit);
  if (answer) crowd->answer = *answer;
  const auto oldest = co_await crowd->silent.front()->read_some(1000, kLimit);
  crowd->seen_by_oldest =
      oldest ? "closed" + *oldest : std::string(to_string(oldest.error().code()));
}

// Abuse case A23: as many silent connections as there is room for.
TEST_F(HttpServerTest, SilentConnectionsKeepNobodyOut) {
  HttpServerOptions options;
  options.max_connections = 3;
  start(options);
  Crowd crowd;
  run(come_when_full(&runtime, endpoint, &*server, 3, &crowd));
  EXPECT_TRUE(crowd.answer.starts_with("HTTP/1.1 200")) << crowd.answer;
  EXPECT_EQ(crowd.seen_by_oldest, "closed");
}

Task<void> cancel_in_flight(Runtime& runtime, HttpClient& client, TestHandler& handler) {
  Group group(runtime);
  Result<HttpResponse> ignored;
  group.spawn("request", send_get(client, "/hang", ignored));
  while (handler.requests == 0) co_await sleep_for(Millis(1));
  group.cancel();
  co_await group.join();
}

TEST_F(HttpServerTest, ACancelledRequestEndsAtOnce) {
  start({});
  HttpClient client(runtime, endpoint);
  run(cancel_in_flight(runtime, client, handler));
  EXPECT_EQ(handler.requests, 1);
}

}  // namespace
}  // namespace croft
