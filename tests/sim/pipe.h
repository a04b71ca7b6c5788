// An HTTP exchange of the agent protocol without a network: both ends are in this program.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "net/http_exchange.h"
#include "task/broadcast.h"

namespace croft::sim {

class MemoryExchange final : public HttpExchange {
 public:
  MemoryExchange(Runtime& runtime, std::string method, std::string path, Query query,
                 std::string body)
      : changed(runtime),
        method_(std::move(method)),
        path_(std::move(path)),
        query_(std::move(query)),
        body_(std::move(body)) {}

  // The client's side.
  Broadcast changed;               // of everything below
  std::deque<std::string> pieces;  // of the answer, not taken yet
  int status = 0;                  // of the answer; 0: none yet
  bool over = false;               // the server is done with it, or dead
  void leave() {
    gone_ = true;
    if (watcher_ != nullptr) watcher_->notify();
  }

  const std::string& method() const override { return method_; }
  const std::string& path() const override { return path_; }
  const std::string& raw_target() const override { return path_; }
  const Query& query() const override { return query_; }
  const HttpHeaders& headers() const override { return headers_; }
  const HttpPeer& peer() const override { return peer_; }
  Task<Result<std::optional<std::string>>> read_body_piece(std::size_t) override {
    co_return std::exchange(body_, std::nullopt);
  }
  Task<Result<std::string>> read_body(std::size_t) override {
    co_return std::exchange(body_, std::nullopt).value_or("");
  }
  Task<Status> respond(int code, HttpHeaders, std::string body) override {
    status = code;
    pieces.push_back(std::move(body));
    over = true;
    changed.notify();
    co_return Status();
  }
  Task<Status> start(int code, HttpHeaders) override {
    status = code;
    changed.notify();
    co_return Status();
  }
  Task<Status> write(std::string piece) override {
    if (gone_ || over) co_return fail(ErrorCode::kUnavailable, "the client went away");
    pieces.push_back(std::move(piece));
    changed.notify();
    co_return Status();
  }
  Task<Status> finish() override { co_return Status(); }
  void notify_when_gone(Signal& signal) override { watcher_ = &signal; }
  bool client_gone() const override { return gone_; }
  bool wants_web_socket() const override { return false; }
  Task<Result<std::unique_ptr<WebSocket>>> accept_web_socket(WebSocketLimits) override {
    co_return fail(ErrorCode::kInvalid, "not one");
  }
  // The server's handler has returned or was destroyed.
  void end() {
    watcher_ = nullptr;
    over = true;
    changed.notify();
  }

 private:
  std::string method_;
  std::string path_;
  Query query_;
  HttpHeaders headers_;
  HttpPeer peer_;
  std::optional<std::string> body_;
  bool gone_ = false;
  Signal* watcher_ = nullptr;
};

}  // namespace croft::sim
