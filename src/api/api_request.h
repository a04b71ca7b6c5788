// One request of the API as route handlers see it, and what they answer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "app/auth/auth.h"
#include "net/http_exchange.h"
#include "store/tx.h"

namespace croft {

inline constexpr const char* kApiPrefix = "/api/v1";
// Of a JSON body; a configuration file of 1 MiB fits with its escapes.
inline constexpr std::size_t kMaxJsonBytes = 4u << 20;

struct ApiResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";  // empty: no body
  HttpHeaders headers = {};
  bool streamed = false;  // the handler has answered by itself
};

ApiResponse json_response(int status, const boost::json::value& body);
ApiResponse empty_response(int status);
// For a handler that answered through ApiRequest::start_stream().
ApiResponse streamed_response();

class ApiRequest {
 public:
  ApiRequest(HttpExchange& exchange, std::string request_id)
      : exchange_(exchange), request_id_(std::move(request_id)) {}
  ApiRequest(const ApiRequest&) = delete;

  HttpExchange& exchange() { return exchange_; }
  const std::string& request_id() const { return request_id_; }
  Caller caller() const { return {.peer = peer(), .request_id = request_id_}; }
  // Address of the caller; "local" on a unix socket.
  std::string peer() const;

  // Present on every route that is not public.
  const Actor& actor() const;
  const Actor* actor_if_any() const { return actor_ ? &*actor_ : nullptr; }
  // A part of the path, by its name in the template.
  const std::string& param(std::string_view name) const;
  template <class I>
  Result<I> id_param(std::string_view name) const {
    const auto id = I::parse(param(name));
    if (id) return *id;
    return fail(ErrorCode::kNotFound, "there is no object with this id");
  }

  std::optional<std::string> query(std::string_view name) const;
  std::vector<std::string> query_all(std::string_view name) const;
  // false when it is not there; kInvalid when it is neither true nor false.
  Result<bool> query_flag(std::string_view name) const;
  // `limit` and `cursor`; kInvalid when out of range or not from a listing.
  Result<Page> page() const;

  // The body as an object, of routes with a JSON body; empty when nothing was sent.
  Result<boost::json::object> json_body() const;
  const std::string& body() const { return body_; }

  // Of If-Match: the generation the caller has seen; nullopt: none given, or "*".
  Result<std::optional<std::int64_t>> if_match() const;
  // Adds an ETag for `body` at `generation`; 304 when the caller has it (If-None-Match).
  ApiResponse with_etag(ApiResponse response, std::int64_t generation) const;

  // Sends the head of a streamed answer with the headers that every answer has. An error means that
  // nothing more is to be sent: return streamed_response().
  Task<Status> start_stream(std::string content_type);

  // For the frame.
  std::optional<Actor> actor_;
  Secret bearer_;
  std::map<std::string, std::string, std::less<>> params_;
  std::string body_;
  // Of a request that comes too early.
  void set_retry_after(Millis wait) { retry_after_ = wait; }
  Millis retry_after() const { return retry_after_; }

 private:
  HttpExchange& exchange_;
  std::string request_id_;
  Millis retry_after_{0};
};

// What every answer carries beside its own headers.
void add_common_headers(HttpHeaders& headers, const std::string& request_id);

// An opaque cursor for `after` of a listing; "" stays "".
std::string encode_cursor(std::string_view after);
// {"items": […], "next": cursor or null}
boost::json::object page_json(boost::json::array items, std::string_view next);

}  // namespace croft
