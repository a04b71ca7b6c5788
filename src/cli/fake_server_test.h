// For tests: an API server that answers what the test says, and one run of the program against it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/io.h"
#include "net/http_server.h"
#include "task/signal.h"

namespace croft::cli {

struct FakeRequest {
  std::string method;
  std::string path;  // decoded, without /api/v1
  std::map<std::string, std::string> query;
  std::vector<std::string> commands;  // all values of `cmd`
  HttpHeaders headers;
  std::string body;

  std::string line() const { return method + " " + path; }
};

struct FakeReply {
  int status = 200;
  std::string body = {};
  HttpHeaders headers = {};
  bool broken = false;  // the connection is cut after `body`
};

FakeReply problem(int status, const std::string& code, const std::string& detail);

// Answers "METHOD /path" from a table; what is not in it is 404. On 127.0.0.1, port 0, in a thread
// of its own.
class FakeServer final : public HttpHandler {
 public:
  using Answer = std::function<FakeReply(const FakeRequest&)>;
  // Messages in, messages out; ends the connection after `out` is empty.
  using Exec = std::function<std::vector<std::string>(const std::string& message)>;

  FakeServer();
  FakeServer(const FakeServer&) = delete;
  ~FakeServer() override;

  std::string url() const;
  void on(const std::string& line, Answer answer);
  void on(const std::string& line, const std::string& body, int status = 200);
  // Answers one after the other; the last one stays.
  void on_sequence(const std::string& line, std::vector<FakeReply> replies);
  void on_exec(Exec exec);

  std::vector<FakeRequest> requests() const;
  // The requests as "GET /projects", in order.
  std::vector<std::string> lines() const;
  // The last request of that line; fails the test when there was none.
  FakeRequest last(const std::string& line) const;

  Task<void> handle(HttpExchange& exchange) override;

 private:
  Task<void> serve();
  Task<void> exec(HttpExchange& exchange);

  Runtime runtime_;
  HttpServer server_;
  Signal stop_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  Exec exec_;
  std::vector<FakeRequest> requests_;
  std::thread thread_;
};

// One run of the program in a directory of its own, logged in to `server` through the environment.
struct Ran {
  int exit = 0;
  std::string out;
  std::string err;
};

class Sandbox {
 public:
  Sandbox();
  Sandbox(const Sandbox&) = delete;
  ~Sandbox();

  // CROFT_URL and CROFT_TOKEN of this server.
  void log_in(const FakeServer& server);
  Ran run(std::vector<std::string> words);
  void write(const std::string& path, const std::string& content);
  std::filesystem::path path(const std::string& name) const { return directory_ / name; }

  Io io;
  std::string input;  // standard input

 private:
  std::filesystem::path directory_;
  std::size_t read_ = 0;
};

// JSON texts of the objects most tests need.
std::string service_json(const std::string& hostname, const std::string& more = "");
std::string process_json(const std::string& status, const std::string& more = "");
inline constexpr const char* kProcessId = "P000000000000000000001";
inline constexpr const char* kVersionId = "V000000000000000000001";

}  // namespace croft::cli
