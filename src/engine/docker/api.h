// Calls of the Docker Engine API over its socket: version negotiation, JSON, error mapping.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/deadline.h"
#include "net/http_client.h"
#include "net/url.h"

namespace croft::engine {

struct ApiCall {
  // `what` says in messages what was attempted on which object: "create service web".
  ApiCall(std::string http_method, std::string api_path, std::string description)
      : method(std::move(http_method)), path(std::move(api_path)), what(std::move(description)) {}

  std::string method;
  std::string path;  // without the version; already encoded
  std::string what;
  Query query;
  std::string body;              // JSON text; empty: none
  ByteSource* upload = nullptr;  // instead of `body`: a tar stream
  bool limit_body = false;       // open(): the deadline is also for the answer's body
  Millis idle_limit = kNoLimit;  // open(): largest pause in the answer's body
};

class DockerApi {
 public:
  DockerApi(Runtime& runtime, std::string socket_path);

  // The engine's answer, null for an empty one. An error status becomes an Error.
  Task<Result<boost::json::value>> send(const ApiCall& call, const Deadline& deadline);
  // The head within the deadline, the body as a stream.
  Task<Result<std::unique_ptr<HttpResponseStream>>> open(const ApiCall& call,
                                                         const Deadline& deadline);
  // Takes the connection over as a raw stream.
  Task<Result<std::unique_ptr<ByteStream>>> hijack(const ApiCall& call, const Deadline& deadline);

  // "1.41" or what newer both sides know. Negotiated once, again after the engine was unreachable.
  Task<Result<std::string>> version(const Deadline& deadline);

 private:
  Task<Result<HttpRequest>> prepare(const ApiCall& call, const Deadline& deadline);
  Error unreachable(Error error, const std::string& what);

  HttpClient client_;
  std::string version_;
};

// What an error status of the engine means. `body` is its answer.
Error engine_error(int status, const std::string& body, const std::string& what);
// The same for an error that comes inside a stream that began with status 200.
Error engine_error(const std::string& message, const std::string& what);

// The version to use with an engine that offers up to `newest` and down to `oldest`.
Result<std::string> choose_api_version(const std::string& newest, const std::string& oldest);

}  // namespace croft::engine
