#include "fuzz.h"
#include "memory_stream.h"
#include "net/http_connection.h"
#include "net/http_parser.h"
#include "task/group.h"

using namespace croft;

namespace {

constexpr std::size_t kMaxBody = 256;

// Answers in every way that a handler can.
class Handler final : public HttpHandler {
 public:
  Task<void> handle(HttpExchange& exchange) override {
    methods.push_back(exchange.method());
    check(exchange.path().starts_with('/') && exchange.path().find("/../") == std::string::npos,
          "a path is absolute and normal");
    for (const auto& [name, value] : exchange.headers().all()) {
      check(value.find_first_of("\r\n") == std::string::npos, "a field is one line");
    }
    if (exchange.path() == "/early") co_return co_await early(exchange);
    if (exchange.path() == "/pieces") co_return co_await pieces(exchange);
    if (exchange.path() == "/silent") co_return;
    if (exchange.path() == "/socket") co_return co_await socket(exchange);
    auto body = co_await exchange.read_body(kMaxBody);
    if (body) check(body->size() <= kMaxBody, "a body is not longer than the handler takes");
    co_await exchange.respond(body ? 200 : 413, {{"X-Path", "p"}}, body ? *body : "too much");
  }

  std::vector<std::string> methods;  // of the requests, in order
  bool took_over = false;            // a WebSocket: what follows is not HTTP

 private:
  Task<void> early(HttpExchange& exchange) { co_await exchange.respond(204, {}, ""); }
  Task<void> pieces(HttpExchange& exchange) {
    const Status started = co_await exchange.start(200, {{"Content-Type", "text/plain"}});
    if (!started) co_return;
    co_await exchange.write("one");
    co_await exchange.write("two");
    co_await exchange.finish();
  }
  Task<void> socket(HttpExchange& exchange) {
    took_over = exchange.wants_web_socket();
    auto opened = co_await exchange.accept_web_socket({.max_message_bytes = 512});
    if (!opened) co_return;
    while (true) {
      auto message = co_await (*opened)->read();
      if (!message || !*message) co_return;
      check((**message).data.size() <= 512, "a message is not longer than the limit");
      const Status written = co_await (*opened)->write(std::move(**message));
      if (!written) co_return;
    }
  }
};

Task<void> serve(Runtime& runtime, Handler& handler, std::string input, std::size_t piece,
                 std::string& output) {
  Group group(runtime);
  HttpServing serving{.runtime = runtime,
                      .handler = handler,
                      .options = {.max_header_bytes = 2048},
                      .tasks = group};
  {
    HttpConnection connection(
        serving, std::make_shared<fuzz::MemoryStream>(std::move(input), piece, output), {});
    co_await connection.serve();
  }
  co_await group.join();
}

// As many answers as requests, and at most one refusal more: nobody who shares the connection gets
// the answer of somebody else.
void check_answers(std::string output, const Handler& handler) {
  std::size_t answers = 0;
  while (!output.empty()) {
    HttpParser parser(HttpParser::Role::kResponse, 8192);
    if (answers < handler.methods.size() && handler.methods[answers] == "HEAD") {
      parser.expect_no_body();
    }
    check(parser.feed(output) && parser.feed(output) && parser.head_done(), "an answer is HTTP");
    if (parser.status() == 100) continue;
    check(parser.message_done() || (output.empty() && parser.end_of_input()), "an answer is whole");
    ++answers;
  }
  check(answers == handler.methods.size() || answers == handler.methods.size() + 1,
        "every request has one answer");
}

}  // namespace

// A connection to our server. First byte: size of the pieces that come. Paths: /early answers
// without reading, /pieces in chunks, /silent not at all, /socket is a WebSocket, others echo.
FUZZ_TARGET(http_server) {
  fuzz::Choices choices(input);
  const std::size_t piece = 1 + choices.byte();
  Runtime runtime;
  Handler handler;
  std::string output;
  runtime.run_until_done(serve(runtime, handler, std::string(choices.rest()), piece, output));
  if (!handler.took_over) check_answers(std::move(output), handler);
}
