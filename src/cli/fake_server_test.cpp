#include "cli/fake_server_test.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <cstdlib>

#include "base/file.h"
#include "cli/program.h"
#include "task/group.h"

namespace croft::cli {

FakeReply problem(int status, const std::string& code, const std::string& detail) {
  return {status,
          R"({"type":"/docs/errors#)" + code + R"(","title":"t","status":)" +
              std::to_string(status) + R"(,"code":")" + code + R"(","detail":")" + detail +
              R"(","request_id":"req-7"})",
          {{"Content-Type", "application/problem+json"}}};
}

FakeServer::FakeServer() : server_(runtime_, *this, {}), stop_(runtime_) {
  const auto port = server_.listen_tcp("127.0.0.1", 0);
  EXPECT_TRUE(port);
  port_ = port.value_or(0);
  thread_ = std::thread([this] { runtime_.run_until_done(serve()); });
}

FakeServer::~FakeServer() {
  boost::asio::post(runtime_.io(), [this] { stop_.notify(); });
  thread_.join();
}

Task<void> FakeServer::serve() {
  Group group(runtime_);
  group.spawn("server", server_.run());
  while (!co_await stop_.wait_for(Millis(60'000))) {
  }
  co_await server_.stop(Millis(0));
  co_await group.join();
}

std::string FakeServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

void FakeServer::on(const std::string& line, Answer answer) {
  const std::lock_guard lock(mutex_);
  answers_[line] = std::move(answer);
}

void FakeServer::on(const std::string& line, const std::string& body, int status) {
  on(line, [=](const FakeRequest&) { return FakeReply{status, body}; });
}

void FakeServer::on_sequence(const std::string& line, std::vector<FakeReply> replies) {
  auto next = std::make_shared<std::size_t>(0);
  on(line, [=](const FakeRequest&) {
    const FakeReply& reply = replies[std::min(*next, replies.size() - 1)];
    ++*next;
    return reply;
  });
}

void FakeServer::on_exec(Exec exec) {
  const std::lock_guard lock(mutex_);
  exec_ = std::move(exec);
}

std::vector<FakeRequest> FakeServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<std::string> FakeServer::lines() const {
  std::vector<std::string> all;
  for (const FakeRequest& request : requests()) all.push_back(request.line());
  return all;
}

FakeRequest FakeServer::last(const std::string& line) const {
  FakeRequest found;
  for (const FakeRequest& request : requests()) {
    if (request.line() == line) found = request;
  }
  EXPECT_FALSE(found.method.empty()) << "no request " << line;
  return found;
}

Task<void> FakeServer::handle(HttpExchange& exchange) {
  FakeRequest request;
  request.method = exchange.method();
  request.path = exchange.path().substr(std::string("/api/v1").size());
  request.headers = exchange.headers();
  for (const auto& [name, value] : exchange.query().all()) {
    request.query[name] = value;
    if (name == "cmd") request.commands.push_back(value);
  }
  const bool socket = exchange.wants_web_socket();
  if (!socket) {
    auto body = co_await exchange.read_body(64u << 20);
    request.body = body.value_or("");
  }
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    const auto found = answers_.find(request.line());
    if (found != answers_.end()) answer = found->second;
  }
  if (socket && !answer) co_return co_await exec(exchange);
  const FakeReply reply =
      answer ? answer(request) : problem(404, "not-found", "fake: " + request.line());
  HttpHeaders headers = reply.headers;
  if (!headers.find("Content-Type")) headers.add("Content-Type", "application/json");
  if (!reply.broken) {
    co_await exchange.respond(reply.status, headers, reply.body);
    co_return;
  }
  co_await exchange.start(reply.status, headers);
  co_await exchange.write(reply.body);
}

Task<void> FakeServer::exec(HttpExchange& exchange) {
  auto opened = co_await exchange.accept_web_socket({});
  if (!opened) co_return;
  WebSocket& socket = **opened;
  for (;;) {
    auto message = co_await socket.read();
    if (!message || !*message) co_return;
    std::vector<std::string> replies;
    {
      const std::lock_guard lock(mutex_);
      replies = exec_((*message)->data);
    }
    for (std::string& reply : replies) {
      if (reply.empty()) co_return;  // drops the connection
      const bool last = reply.find("exit_code") != std::string::npos;
      co_await socket.write({true, std::move(reply)});
      if (!last) continue;
      co_await socket.close(kWebSocketNormal, "");
      co_return;
    }
  }
}

Sandbox::Sandbox() {
  std::string pattern = (std::filesystem::temp_directory_path() / "croft-cli-XXXXXX").string();
  directory_ = ::mkdtemp(pattern.data());
  io.cwd = directory_;
  io.env["XDG_CONFIG_HOME"] = (directory_ / "config").string();
  io.read_line = [this]() -> std::optional<std::string> {
    if (read_ >= input.size()) return std::nullopt;
    const auto end = std::min(input.find('\n', read_), input.size());
    std::string line = input.substr(read_, end - read_);
    read_ = end + 1;
    return line;
  };
  io.read_hidden_line = [this](const std::string&) { return io.read_line(); };
  io.read_all = [this]() -> Result<std::string> {
    return input.substr(std::min(read_, input.size()));
  };
  io.open_browser = [](const std::string&) { ADD_FAILURE() << "a test opened a browser"; };
}

Sandbox::~Sandbox() {
  std::filesystem::remove_all(directory_);
}

void Sandbox::log_in(const FakeServer& server) {
  io.env["CROFT_URL"] = server.url();
  io.env["CROFT_TOKEN"] = "croft_test";
}

Ran Sandbox::run(std::vector<std::string> words) {
  Ran run;
  read_ = 0;
  io.out = [&run](std::string_view text) { run.out += text; };
  io.err = [&run](std::string_view text) { run.err += text; };
  run.exit = run_program_line(io, words);
  return run;
}

void Sandbox::write(const std::string& name, const std::string& content) {
  ASSERT_TRUE(make_directories(path(name).parent_path()));
  ASSERT_TRUE(write_file_atomically(path(name), content));
}

std::string service_json(const std::string& hostname, const std::string& more) {
  return R"({"id":"S00000000000000000000)" + hostname.substr(0, 1) + R"(","project":"shop",)" +
         R"("hostname":")" + hostname +
         R"(","type":"nodejs@22","category":"runtime","status":"active","containers":2,)"
         R"("ready_containers":2,"active_version":3,"urls":["http://api-shop.localhost"])" +
         more + "}";
}

std::string process_json(const std::string& status, const std::string& more) {
  return std::string(R"({"id":")") + kProcessId + R"(","kind":"deploy","status":")" + status +
         R"(","step":"build","progress":40,"project":"shop","service":"api","version_id":")" +
         kVersionId + R"(","error":null,"result":null)" + more + "}";
}

}  // namespace croft::cli
