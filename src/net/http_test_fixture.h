// What the tests of client and server share: a server with a few handlers on a free port.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/socket_stream.h"
#include "task/group.h"

namespace croft {

inline constexpr Millis kLimit{5000};

class TestHandler final : public HttpHandler {
 public:
  explicit TestHandler(Runtime& runtime) : signal(runtime), gone(runtime) {}

  Task<void> handle(HttpExchange& exchange) override {
    ++requests;
    const std::string& path = exchange.path();
    if (path == "/echo") co_return co_await echo(exchange);
    if (path == "/pieces") co_return co_await pieces(exchange);
    if (path == "/follow") co_return co_await follow(exchange);
    if (path == "/socket") co_return co_await socket(exchange);
    if (path == "/hang") co_await sleep_for(Millis(600'000));
    if (path == "/throw") throw std::runtime_error("handler bug");
    if (path == "/silent") co_return;
    std::string text = exchange.method() + " " + path;
    for (const auto& [name, value] : exchange.query().all()) text += " " + name + "=" + value;
    if (exchange.peer().uid) text += " uid=" + std::to_string(*exchange.peer().uid);
    co_await exchange.respond(200, {{"X-Test", "yes"}}, text);
  }

  int requests = 0;
  Signal signal, gone;
  std::string last_error;

 private:
  Task<void> echo(HttpExchange& exchange) {
    auto body = co_await exchange.read_body(1000);
    if (!body) {
      last_error = to_string(body.error().code());
      co_await exchange.respond(413, {}, "too much");
      co_return;
    }
    co_await exchange.respond(201, {}, *body);
  }
  Task<void> pieces(HttpExchange& exchange) {
    co_await exchange.start(200, {{"Content-Type", "text/plain"}});
    for (int i = 0; i < 3; ++i) co_await exchange.write("piece " + std::to_string(i) + "\n");
    co_await exchange.finish();
  }
  Task<void> follow(HttpExchange& exchange) {
    exchange.notify_when_gone(signal);
    co_await exchange.start(200, {{"Content-Type", "text/event-stream"}});
    co_await exchange.write("data: first\n\n");
    while (!exchange.client_gone()) co_await signal.wait_for(kLimit);
    const Status late = co_await exchange.write("data: late\n\n");
    if (!late) last_error = to_string(late.error().code());
    gone.notify();
  }
  Task<void> socket(HttpExchange& exchange) {
    WebSocketLimits limits;
    limits.max_message_bytes = 1000;
    auto opened = co_await exchange.accept_web_socket(limits);
    if (!opened) co_return;
    while (true) {
      auto message = co_await (*opened)->read();
      if (!message || !*message) {
        last_error = message ? "closed " + std::to_string((*opened)->close_code())
                             : std::string(to_string(message.error().code()));
        break;
      }
      if ((*message)->data == "bye") {
        co_await (*opened)->close(kWebSocketPolicy, "as you wish");
        break;
      }
      co_await (*opened)->write(std::move(**message));
    }
    gone.notify();
  }
};

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-net-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~HttpServerTest() override { std::filesystem::remove_all(directory); }

  HttpServer& start(HttpServerOptions options) {
    server.emplace(runtime, handler, options);
    const auto port = server->listen_tcp("127.0.0.1", 0);
    EXPECT_TRUE(port) << port.error().message();
    endpoint.host = "127.0.0.1";
    endpoint.port = port.value_or(0);
    return *server;
  }

  // Runs `task` beside the server and stops the server after it.
  void run(Task<void> task) { runtime.run_until_done(drive(std::move(task))); }
  Task<void> drive(Task<void> task) {
    Group group(runtime);
    group.spawn("server", server->run());
    co_await std::move(task);
    co_await server->stop(Millis(0));
    co_await group.join();
  }

  // Sends raw bytes and returns all that comes back until the server closes.
  Task<std::string> raw(std::string request) {
    auto stream = co_await connect_tcp(runtime, endpoint.host, endpoint.port, kLimit);
    if (!stream) co_return "no connection";
    co_await (*stream)->write_all(std::move(request), kLimit);
    std::string all;
    while (true) {
      auto data = co_await (*stream)->read_some(1000, kLimit);
      if (!data) co_return all + std::string(to_string(data.error().code()));
      if (data->empty()) co_return all;
      all += *data;
    }
  }

  Runtime runtime;
  TestHandler handler{runtime};
  std::optional<HttpServer> server;
  HttpEndpoint endpoint;
  std::filesystem::path directory;
};

inline HttpRequest get(std::string target) {
  HttpRequest request;
  request.target = std::move(target);
  request.limit = kLimit;
  return request;
}

inline HttpRequest post(std::string target, std::string body) {
  HttpRequest request = get(std::move(target));
  request.method = "POST";
  request.body = std::move(body);
  return request;
}

}  // namespace croft
