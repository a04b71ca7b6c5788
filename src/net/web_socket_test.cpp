#include "net/web_socket.h"

#include "net/http_test_fixture.h"

namespace croft {
namespace {

Task<void> talk(HttpClient& client, std::vector<std::string>& heard) {
  const HttpRequest request = get("/socket");
  auto socket = co_await client.web_socket(request, {});
  EXPECT_TRUE(socket) << socket.error().message();
  if (!socket) co_return;
  for (const char* text : {"one", "two", "bye"}) {
    WebSocketMessage message{std::string_view(text) == "two", text};
    co_await (*socket)->write(std::move(message));
    auto answer = co_await (*socket)->read();
    if (!answer) {
      heard.push_back(std::string(to_string(answer.error().code())));
    } else if (!*answer) {
      heard.push_back(std::to_string((*socket)->close_code()) + (*socket)->close_reason());
    } else {
      heard.push_back(((*answer)->binary ? "binary " : "text ") + (*answer)->data);
    }
  }
}

TEST_F(HttpServerTest, SpeaksWebSocket) {
  start({});
  HttpClient client(runtime, endpoint);
  std::vector<std::string> heard;
  run(talk(client, heard));
  EXPECT_EQ(heard, (std::vector<std::string>{"text one", "binary two", "1008as you wish"}));
}

Task<void> talk_too_much(HttpClient& client, TestHandler& handler, std::uint16_t& code) {
  const HttpRequest request = get("/socket");
  auto socket = co_await client.web_socket(request, {});
  EXPECT_TRUE(socket);
  if (!socket) co_return;
  WebSocketMessage message{true, std::string(5000, 'x')};
  co_await (*socket)->write(std::move(message));
  auto answer = co_await (*socket)->read();
  if (answer && !*answer) code = (*socket)->close_code();
  EXPECT_TRUE(co_await handler.gone.wait_for(kLimit));
}

TEST_F(HttpServerTest, CapsWebSocketMessages) {
  start({});
  HttpClient client(runtime, endpoint);
  std::uint16_t code = 0;
  run(talk_too_much(client, handler, code));
  EXPECT_EQ(code, kWebSocketTooBig);
  EXPECT_EQ(handler.last_error, "too-large");
}

Task<void> open_socket(HttpClient& client, Result<std::unique_ptr<WebSocket>>& out) {
  const HttpRequest request = get("/plain");
  out = co_await client.web_socket(request, {});
}

TEST_F(HttpServerTest, TellsWhyAWebSocketWasRefused) {
  start({});
  HttpClient client(runtime, endpoint);
  Result<std::unique_ptr<WebSocket>> socket;
  run(open_socket(client, socket));
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code(), ErrorCode::kFailed);
  EXPECT_NE(socket.error().message().find("GET /plain"), std::string::npos)
      << socket.error().message();
}

}  // namespace
}  // namespace croft
