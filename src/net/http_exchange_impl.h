// The exchange that handlers of the server get.
#pragma once

#include <memory>
#include <string>

#include "net/http_connection.h"
#include "net/http_parser.h"

namespace croft {

class HttpExchangeImpl final : public HttpExchange {
 public:
  HttpExchangeImpl(HttpServing& serving, std::shared_ptr<ByteStream>& stream, std::string& input,
                   HttpParser& parser, const HttpPeer& peer)
      : serving_(serving), stream_(stream), input_(input), parser_(parser), peer_(peer) {}
  HttpExchangeImpl(const HttpExchangeImpl&) = delete;
  ~HttpExchangeImpl() override;

  // Checks and decodes the target. kInvalid with what is wrong with it.
  Status decode_target();

  const std::string& method() const override { return parser_.method(); }
  const std::string& path() const override { return path_; }
  const std::string& raw_target() const override { return parser_.target(); }
  const Query& query() const override { return query_; }
  const HttpHeaders& headers() const override { return parser_.headers(); }
  const HttpPeer& peer() const override { return peer_; }

  Task<Result<std::optional<std::string>>> read_body_piece(std::size_t max_bytes) override;
  Task<Result<std::string>> read_body(std::size_t max_bytes) override;
  Task<Status> respond(int status, HttpHeaders headers, std::string body) override;
  Task<Status> start(int status, HttpHeaders headers) override;
  Task<Status> write(std::string piece) override;
  Task<Status> finish() override;
  void notify_when_gone(Signal& signal) override;
  bool client_gone() const override { return watch_ && watch_->gone; }
  bool wants_web_socket() const override;
  Task<Result<std::unique_ptr<WebSocket>>> accept_web_socket(WebSocketLimits limits) override;

  bool answered() const { return answer_ != Answer::kNone; }
  // The next request may follow on the connection.
  bool reusable() const;
  bool body_unread() const { return !parser_.message_done(); }

 private:
  enum class Answer { kNone, kStarted, kDone, kTakenOver };
  struct Watch {
    Signal* signal = nullptr;  // null once the exchange is gone
    bool gone = false;
  };

  static Task<void> watch_client(std::shared_ptr<ByteStream> stream, std::shared_ptr<Watch> watch);
  Status begin_answer(int status, HttpHeaders& headers, std::string* head);
  bool has_body(int status) const;
  Task<Status> send(std::string data);

  HttpServing& serving_;
  std::shared_ptr<ByteStream>& stream_;
  std::string& input_;
  HttpParser& parser_;
  const HttpPeer& peer_;
  std::string path_;
  Query query_;
  std::uint64_t body_bytes_ = 0;
  bool continue_sent_ = false;
  Answer answer_ = Answer::kNone;
  bool chunked_ = false;
  bool sends_body_ = true;  // not in the answer to HEAD, nor with 204 and 304
  bool keep_alive_ = false;
  std::shared_ptr<Watch> watch_;
};

}  // namespace croft
