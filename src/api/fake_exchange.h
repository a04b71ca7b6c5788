// For tests: an HTTP exchange in memory.
#pragma once

#include <string>

#include "base/check.h"
#include "net/http_exchange.h"

namespace croft {

class FakeExchange : public HttpExchange {
 public:
  struct Answer {
    int status = 0;
    HttpHeaders headers;
    std::string body;
    bool finished = false;
  };

  FakeExchange(std::string method, std::string target, HttpHeaders headers, std::string body)
      : method_(std::move(method)),
        target_(std::move(target)),
        headers_(std::move(headers)),
        body_(std::move(body)) {
    const std::size_t mark = target_.find('?');
    path_ = target_.substr(0, mark);
    if (mark != std::string::npos) query_ = *Query::parse(target_.substr(mark + 1));
    peer_.address = "192.0.2.7";
  }

  const Answer& answer() const { return answer_; }
  // From the write with this number on, the client is gone.
  void leave_after_writes(int count) { writes_left_ = count; }

  const std::string& method() const override { return method_; }
  const std::string& path() const override { return path_; }
  const std::string& raw_target() const override { return target_; }
  const Query& query() const override { return query_; }
  const HttpHeaders& headers() const override { return headers_; }
  const HttpPeer& peer() const override { return peer_; }

  Task<Result<std::optional<std::string>>> read_body_piece(std::size_t max_bytes) override {
    if (body_.size() > max_bytes) co_return fail(ErrorCode::kTooLarge, "the body is too large");
    if (body_.empty()) co_return std::optional<std::string>();
    co_return std::optional<std::string>(std::exchange(body_, {}));
  }
  Task<Result<std::string>> read_body(std::size_t max_bytes) override {
    if (body_.size() > max_bytes) co_return fail(ErrorCode::kTooLarge, "the body is too large");
    co_return std::exchange(body_, {});
  }
  Task<Status> respond(int status, HttpHeaders headers, std::string body) override {
    check(answer_.status == 0, "an exchange is answered once");
    answer_ = {status, std::move(headers), method_ == "HEAD" ? "" : std::move(body), true};
    co_return Status();
  }
  Task<Status> start(int status, HttpHeaders headers) override {
    check(answer_.status == 0, "an exchange is answered once");
    answer_ = {status, std::move(headers), "", false};
    co_return Status();
  }
  Task<Status> write(std::string piece) override {
    check(answer_.status != 0 && !answer_.finished, "write() belongs between start() and finish()");
    answer_.body += piece;
    if (--writes_left_ == 0) co_return fail(ErrorCode::kUnavailable, "the client went away");
    co_return Status();
  }
  Task<Status> finish() override {
    answer_.finished = true;
    co_return Status();
  }
  void notify_when_gone(Signal&) override {}
  bool client_gone() const override { return false; }
  bool wants_web_socket() const override { return false; }
  Task<Result<std::unique_ptr<WebSocket>>> accept_web_socket(WebSocketLimits) override {
    co_return fail(ErrorCode::kInvalid, "not a WebSocket");
  }

 private:
  std::string method_;
  std::string target_;
  std::string path_;
  Query query_;
  HttpHeaders headers_;
  HttpPeer peer_;
  std::string body_;
  Answer answer_;
  int writes_left_ = -1;
};

}  // namespace croft
