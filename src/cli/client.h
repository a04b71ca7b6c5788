// The REST API as this program uses it: blocking calls, failures with exit codes and hints.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/failure.h"
#include "net/byte_stream.h"
#include "net/http_client.h"
#include "net/url.h"
#include "task/task.h"

namespace croft::cli {

// A JSON object as one of the structs of api_types.h; null members count as missing.
// kInternal when a member has the wrong type: client and server do not understand each other.
template <class T>
Outcome<T> decode(const boost::json::value& json);

// "/projects/" + one encoded step of it for each part: path_of({"projects", name, "services"}).
std::string path_of(std::initializer_list<std::string_view> steps);

struct Call {
  std::string method = "GET";
  std::string path;  // below /api/v1, as path_of() makes it
  Query query = {};
  boost::json::value body = nullptr;  // null: none
  std::string text_body = {};         // with `content_type`, instead of `body`
  std::string content_type = {};
  ByteSource* source = nullptr;  // streamed instead of a body
  int wait_s = 0;                // Prefer: wait=N
  Millis limit{30'000};
};

class Api {
 public:
  // Called with each line; false ends the stream.
  using OnLine = std::function<bool(const std::string& line)>;

  explicit Api(const Connection& connection);
  Api(const Api&) = delete;
  ~Api();

  // The answer's JSON; null for an empty body, a string for one that is not JSON.
  Outcome<boost::json::value> call(const Call& call);
  Outcome<boost::json::value> get(std::string path, Query query = {});
  Outcome<boost::json::value> post(std::string path, boost::json::value body = nullptr);

  // All items of a list, page after page; at most `max`.
  Outcome<std::vector<boost::json::value>> list(std::string path, Query query = {},
                                                std::size_t max = 10'000);

  // Reads an NDJSON answer to its end; empty lines (signs of life) are left out. Fails with
  // kUnavailable when the connection broke or was silent for 60 s.
  Outcome<void> stream_lines(std::string path, Query query, const OnLine& on_line);

  const std::string& url() const { return url_; }
  Runtime& runtime() { return runtime_; }
  HttpClient& http() { return *http_; }
  // Method, target and headers (credentials included) of a call.
  HttpRequest request_for(const Call& call) const;
  // What to say when the server cannot be reached, is slow, or its certificate is not trusted.
  Failure transport_failure(Error error) const;

 private:
  Task<Outcome<void>> stream(Call call, const OnLine* on_line);

  std::string url_;
  Secret token_;
  Runtime runtime_;
  std::unique_ptr<HttpClient> http_;
};

// Failure for an answer with an error status; reads problem+json when it is one.
Failure failure_from(int status, const std::string& body, const HttpHeaders& headers);

}  // namespace croft::cli
