#include "net/http_parser.h"

#include <fmt/format.h>

#include <boost/beast/http/basic_parser.hpp>
#include <variant>

namespace croft {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

// What a parser collects, the same for both roles.
struct Message {
  std::string method;
  std::string target;
  int status = 0;
  int version = 11;  // 10 or 11
  HttpHeaders headers;
  std::string body;
};

template <bool is_request>
class Collector final : public http::basic_parser<is_request> {
 public:
  explicit Collector(std::size_t max_header_bytes) {
    this->header_limit(static_cast<std::uint32_t>(max_header_bytes));
    this->body_limit(boost::none);  // callers cap what they take
  }
  Message message;

  // Whether a chunk's size, or the end of the last one, comes next.
  bool awaits_chunk() const { return this->is_header_done() && this->chunked() && !in_chunk_; }

 private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, error_code&) override {
    message.version = version;
    message.method = std::string(method);
    message.target = std::string(target);
  }
  void on_response_impl(int code, beast::string_view, int version, error_code&) override {
    message.version = version;
    message.status = code;
  }
  void on_field_impl(http::field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    message.headers.add(std::string(name), std::string(value));
  }
  void on_header_impl(error_code& error) override {
    // Both lengths in one request: two servers may disagree where it ends (RFC 9112 §6.1).
    if (is_request && message.headers.find("Content-Length") &&
        message.headers.find("Transfer-Encoding")) {
      error = http::error::bad_transfer_encoding;
    }
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view data, error_code&) override {
    message.body.append(data.data(), data.size());
    return data.size();
  }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, error_code&) override {
    in_chunk_ = size > 0;
  }
  std::size_t on_chunk_body_impl(std::uint64_t left, beast::string_view data,
                                 error_code&) override {
    in_chunk_ = left > data.size();
    message.body.append(data.data(), data.size());
    return data.size();
  }
  void on_finish_impl(error_code&) override {}

  bool in_chunk_ = false;
};

bool is_token(const std::string& text) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  if (text.empty()) return false;
  for (const char c : text) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alnum && kOthers.find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool is_field_value(const std::string& text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return false;
  }
  return true;
}

Result<std::string> format_fields(std::string start, const HttpHeaders& headers) {
  for (const auto& [name, value] : headers.all()) {
    if (!is_token(name)) {
      return fail(ErrorCode::kInvalid, "an HTTP header name holds a character that it may not");
    }
    if (!is_field_value(value)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("HTTP header {}: the value holds a control character", name));
    }
    start += name + ": " + value + "\r\n";
  }
  return start + "\r\n";
}

}  // namespace

struct HttpParser::Impl {
  using Request = Collector<true>;
  using Response = Collector<false>;

  Impl(Role role, std::size_t max_header_bytes) {
    if (role == Role::kRequest) {
      parser.emplace<Request>(max_header_bytes);
    } else {
      parser.emplace<Response>(max_header_bytes);
    }
  }
  template <class F>
  decltype(auto) visit(F f) {
    if (auto* request = std::get_if<Request>(&parser)) return f(*request);
    return f(std::get<Response>(parser));
  }
  Message& message() {
    return visit([](auto& p) -> Message& { return p.message; });
  }

  std::variant<std::monostate, Request, Response> parser;
};

HttpParser::HttpParser(Role role, std::size_t max_header_bytes)
    : impl_(std::make_unique<Impl>(role, max_header_bytes)) {}
HttpParser::HttpParser(HttpParser&&) noexcept = default;
HttpParser& HttpParser::operator=(HttpParser&&) noexcept = default;
HttpParser::~HttpParser() = default;

Status HttpParser::feed(std::string& input) {
  return impl_->visit([&](auto& parser) -> Status {
    // Not eager before the head is complete, so that an upgrade leaves what follows in `input`.
    const bool had_head = parser.is_header_done();
    parser.eager(had_head);
    std::size_t used = 0;
    error_code error;
    while (!parser.is_done() && used < input.size()) {
      if (!had_head && parser.is_header_done()) break;
      // Beast 1.81 aborts when the last chunk comes as "0\r\n" and then byte by byte. Nothing that
      // is whole is shorter than its end.
      constexpr std::size_t kLastChunk = 5;
      if (parser.awaits_chunk() && input.size() - used < kLastChunk) break;
      used += parser.put(boost::asio::buffer(input.data() + used, input.size() - used), error);
      if (error) break;
    }
    input.erase(0, used);
    if (!error || error == http::error::need_more) return {};
    if (error == http::error::header_limit) {
      return fail(ErrorCode::kTooLarge, "the HTTP header is too large");
    }
    return fail(ErrorCode::kInvalid, fmt::format("not a valid HTTP message: {}", error.message()));
  });
}

Status HttpParser::end_of_input() {
  return impl_->visit([](auto& parser) -> Status {
    if (parser.is_done()) return {};
    error_code error;
    parser.put_eof(error);
    if (!error && parser.is_done()) return {};
    return fail(ErrorCode::kUnavailable, "the connection ended in the middle of an HTTP message");
  });
}

void HttpParser::expect_no_body() {
  impl_->visit([](auto& parser) { parser.skip(true); });
}

bool HttpParser::head_done() const {
  return impl_->visit([](auto& parser) { return parser.is_header_done(); });
}
bool HttpParser::message_done() const {
  return impl_->visit([](auto& parser) { return parser.is_done(); });
}
bool HttpParser::got_any() const {
  return impl_->visit([](auto& parser) { return parser.got_some(); });
}
std::string HttpParser::take_body() {
  return std::exchange(impl_->message().body, {});
}
const std::string& HttpParser::method() const {
  return impl_->message().method;
}
const std::string& HttpParser::target() const {
  return impl_->message().target;
}
int HttpParser::status() const {
  return impl_->message().status;
}
const HttpHeaders& HttpParser::headers() const {
  return impl_->message().headers;
}
bool HttpParser::keep_alive() const {
  return impl_->visit([](auto& parser) { return parser.keep_alive(); });
}
bool HttpParser::http_1_0() const {
  return impl_->message().version < 11;
}

Result<std::string> format_request_head(const std::string& method, const std::string& target,
                                        const HttpHeaders& headers) {
  bool clean = !target.empty();
  for (const char c : target) clean = clean && c > ' ' && c < 0x7f;
  if (!is_token(method) || !clean) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is not a request target: percent-encode it", target));
  }
  return format_fields(fmt::format("{} {} HTTP/1.1\r\n", method, target), headers);
}

Result<std::string> format_response_head(int status, const HttpHeaders& headers) {
  return format_fields(fmt::format("HTTP/1.1 {} {}\r\n", status, http_reason(status)), headers);
}

std::string format_chunk(const std::string& data) {
  if (data.empty()) return "0\r\n\r\n";
  return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

}  // namespace croft
