#include "engine/docker/api.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "engine/docker/json_view.h"

namespace croft::engine {

namespace json = boost::json;

namespace {

constexpr int kOldestMinor = 41;  // 20.10: first with swarm capabilities, ulimits and pids limits
constexpr int kNewestMinor = 51;  // what the adapter was written against
constexpr std::size_t kMaxAnswerBytes = 64u << 20;

// 41 for "1.41"; -1 when it is not of that form.
int minor_of(const std::string& version) {
  int minor = -1;
  if (!version.starts_with("1.")) return -1;
  const char* const end = version.data() + version.size();
  const auto [stop, error] = std::from_chars(version.data() + 2, end, minor);
  return error == std::errc() && stop == end ? minor : -1;
}

std::string message_of(const std::string& body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  const std::string message = error ? std::string() : JsonView(parsed)["message"].text();
  return message.empty() ? body.substr(0, 500) : message;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

ErrorCode code_of(int status, const std::string& message) {
  if (contains(message, "no space left on device") || contains(message, "cannot allocate memory")) {
    return ErrorCode::kExhausted;
  }
  // Swarm answers these with several statuses.
  if (contains(message, "update out of sequence") || contains(message, "name conflicts with") ||
      contains(message, "already part of a swarm") || contains(message, "is not a swarm manager") ||
      contains(message, "is in use by") || contains(message, "Pool overlaps")) {
    return ErrorCode::kConflict;
  }
  // Also with 500, from the network that went between two of the engine's own looks.
  if (message.starts_with("network ") && message.ends_with(" not found")) {
    return ErrorCode::kNotFound;
  }
  switch (status) {
    case 400:
      return ErrorCode::kInvalid;
    case 403:
      return ErrorCode::kConflict;  // "operation forbidden": in use, or predefined
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 501:
      return ErrorCode::kUnsupported;
    case 503:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kFailed;
  }
}

}  // namespace

Error engine_error(int status, const std::string& body, const std::string& what) {
  const std::string message = message_of(body);
  return Error(code_of(status, message), fmt::format("{}: the engine says: {}", what, message),
               fmt::format("status {}", status));
}

Error engine_error(const std::string& message, const std::string& what) {
  return Error(code_of(0, message), fmt::format("{}: the engine says: {}", what, message));
}

Result<std::string> choose_api_version(const std::string& newest, const std::string& oldest) {
  const int high = std::min(minor_of(newest), kNewestMinor);
  const int low = std::max(minor_of(oldest), kOldestMinor);
  if (minor_of(newest) < kOldestMinor) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("the container engine offers API {}; croft needs 1.{} or newer (Docker "
                            "20.10): upgrade the engine",
                            newest.empty() ? "of no version" : newest, kOldestMinor));
  }
  if (low > high) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("the container engine requires API {} or newer; this croft knows up to "
                            "1.{}: upgrade croft",
                            oldest, kNewestMinor));
  }
  return fmt::format("1.{}", high);
}

DockerApi::DockerApi(Runtime& runtime, std::string socket_path)
    : client_(runtime, HttpEndpoint::unix_socket(std::move(socket_path))) {}

Error DockerApi::unreachable(Error error, const std::string& what) {
  if (error.code() != ErrorCode::kUnavailable) return std::move(error).in(what);
  version_.clear();  // another version may run when it is back
  return Error(ErrorCode::kUnavailable,
               fmt::format("{}: the container engine does not answer at {}: is it running, and may "
                           "this user open its socket?",
                           what, client_.endpoint().describe()),
               error.message());
}

Task<Result<std::string>> DockerApi::version(const Deadline& deadline) {
  if (!version_.empty()) co_return version_;
  HttpRequest request;
  request.target = "/version";
  request.limit = deadline.remaining();
  auto response = co_await client_.send(request);
  if (!response) co_return fail(unreachable(std::move(response).error(), "ask for the version"));
  if (response->status != 200) {
    co_return fail(engine_error(response->status, response->body, "ask for the version"));
  }
  boost::system::error_code error;
  const json::value parsed = json::parse(response->body, error);
  const JsonView view(parsed);
  auto chosen = choose_api_version(view["ApiVersion"].text(), view["MinAPIVersion"].text());
  if (chosen) version_ = *chosen;
  co_return chosen;
}

Task<Result<HttpRequest>> DockerApi::prepare(const ApiCall& call, const Deadline& deadline) {
  const auto version_in_use = co_await version(deadline);
  if (!version_in_use) co_return fail(Error(version_in_use.error()));
  HttpRequest request;
  request.method = call.method;
  request.target = make_target(fmt::format("/v{}{}", *version_in_use, call.path), call.query);
  request.limit = deadline.remaining();
  request.max_body_bytes = kMaxAnswerBytes;
  request.limit_body = call.limit_body;
  request.idle_limit = call.idle_limit;
  if (call.upload != nullptr) {
    request.headers.add("Content-Type", "application/x-tar");
    request.body_source = call.upload;
  } else if (!call.body.empty()) {
    request.headers.add("Content-Type", "application/json");
    request.body = call.body;
  }
  co_return request;
}

Task<Result<json::value>> DockerApi::send(const ApiCall& call, const Deadline& deadline) {
  auto request = co_await prepare(call, deadline);
  if (!request) co_return fail(std::move(request).error());
  auto response = co_await client_.send(*request);
  if (!response) co_return fail(unreachable(std::move(response).error(), call.what));
  if (response->status >= 400) {
    co_return fail(engine_error(response->status, response->body, call.what));
  }
  if (response->body.empty()) co_return json::value();
  boost::system::error_code error;
  json::value parsed = json::parse(response->body, error);
  if (error) {
    // Some calls answer in plain text; nothing in it is used.
    const bool is_json = response->headers.find("Content-Type") == "application/json";
    if (!is_json) co_return json::value();
    co_return fail(ErrorCode::kFailed,
                   fmt::format("{}: the engine's answer is not JSON", call.what), error.message());
  }
  co_return parsed;
}

Task<Result<std::unique_ptr<HttpResponseStream>>> DockerApi::open(const ApiCall& call,
                                                                  const Deadline& deadline) {
  auto request = co_await prepare(call, deadline);
  if (!request) co_return fail(std::move(request).error());
  auto stream = co_await client_.open(*request);
  if (!stream) co_return fail(unreachable(std::move(stream).error(), call.what));
  if ((*stream)->status() >= 400) {
    auto body = co_await read_all(**stream, kMaxAnswerBytes);
    co_return fail(engine_error((*stream)->status(), body.value_or(""), call.what));
  }
  co_return std::move(*stream);
}

Task<Result<std::unique_ptr<ByteStream>>> DockerApi::hijack(const ApiCall& call,
                                                            const Deadline& deadline) {
  auto request = co_await prepare(call, deadline);
  if (!request) co_return fail(std::move(request).error());
  auto upgraded = co_await client_.upgrade(*request, "tcp");
  if (!upgraded) co_return fail(unreachable(std::move(upgraded).error(), call.what));
  if (upgraded->stream) co_return std::move(upgraded->stream);
  co_return fail(engine_error(upgraded->response.status, upgraded->response.body, call.what));
}

}  // namespace croft::engine
