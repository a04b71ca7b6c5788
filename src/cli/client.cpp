#include "cli/client.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/random.h"
#include "cli/api_types.h"

namespace croft::cli {
namespace {

constexpr const char* kUserAgent = "croft-cli/0.1";
constexpr Millis kSilenceLimit{60'000};  // the server says something every 15 s

HttpEndpoint endpoint_of(const Connection& connection) {
  auto endpoint = HttpEndpoint::from_url(connection.url);
  // normalise_url has accepted it.
  HttpEndpoint result = endpoint ? *endpoint : HttpEndpoint{};
  result.ca_file = connection.ca_file;
  return result;
}

std::string hint_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnauthenticated:
      return "croft login URL";
    case ErrorCode::kForbidden:
      return "croft whoami shows what this token may do";
    case ErrorCode::kRateLimited:
      return "wait a moment, then try again";
    default:
      return {};
  }
}

boost::json::value body_value(const std::string& body) {
  if (body.empty()) return nullptr;
  auto json = parse_json(body);
  if (json) return std::move(*json);
  return boost::json::string(body);
}

Task<Result<HttpResponse>> send_task(HttpClient* http, const HttpRequest* request) {
  co_return co_await http->send(*request);
}

}  // namespace

std::string path_of(std::initializer_list<std::string_view> steps) {
  std::string path;
  for (const std::string_view step : steps) path += "/" + percent_encode(step);
  return path;
}

Failure failure_from(int status, const std::string& body, const HttpHeaders& headers) {
  ApiProblem problem;
  const auto json = parse_json(body);
  const bool is_problem = json && json->is_object() && json->as_object().contains("detail");
  if (is_problem) {
    if (auto decoded = decode<ApiProblem>(*json)) problem = std::move(*decoded);
  }
  const auto known = error_code_from_string(problem.code);
  const ErrorCode code = known ? *known : error_code_from_http(status);
  std::string message = problem.detail;
  if (message.empty()) {
    message = fmt::format("the server answered {} {}", status, http_reason(status));
  }
  std::vector<FieldError> fields;
  for (const ApiField& field : problem.errors) {
    fields.push_back({field.pointer, field.message, field.file, field.line, field.column});
  }
  Failure failure = to_failure(Error(code, std::move(message)).with_fields(std::move(fields)));
  failure.hint = hint_for(code);
  failure.request_id = problem.request_id;
  if (failure.request_id.empty()) {
    failure.request_id = headers.find("X-Request-Id").value_or("");
  }
  return failure;
}

Api::Api(const Connection& connection)
    : url_(connection.url),
      token_(connection.token),
      http_(std::make_unique<HttpClient>(runtime_, endpoint_of(connection))) {}

Api::~Api() = default;

HttpRequest Api::request_for(const Call& call) const {
  HttpRequest request;
  request.method = call.method;
  request.target = make_target("/api/v1" + call.path, call.query);
  request.limit = call.limit;
  request.headers.add("Accept", "application/json, application/x-ndjson, text/yaml;q=0.9");
  request.headers.add("User-Agent", kUserAgent);
  if (!token_.empty()) request.headers.add("Authorization", "Bearer " + token_.reveal());
  if (call.method == "POST") {
    SystemRandom random;
    request.headers.add("Idempotency-Key", random.base62(22));
  }
  if (call.wait_s > 0) request.headers.add("Prefer", fmt::format("wait={}", call.wait_s));
  if (call.source != nullptr) {
    request.body_source = call.source;
    request.headers.add("Content-Type", call.content_type);
  } else if (!call.content_type.empty()) {
    request.body = call.text_body;
    request.headers.add("Content-Type", call.content_type);
  } else if (!call.body.is_null()) {
    request.body = boost::json::serialize(call.body);
    request.headers.add("Content-Type", "application/json");
  }
  return request;
}

Failure Api::transport_failure(Error error) const {
  const bool reachable = error.code() != ErrorCode::kUnavailable;
  const int exit = reachable ? exit_code(error.code()) : kExitUnreachable;
  std::string hint = "check the address (croft context show), then: croft doctor";
  if (error.message().find("certificate") != std::string::npos) {
    hint = "log in again with --ca-file FILE, or set CROFT_CA_FILE to the server's CA";
  }
  const ErrorCode code = error.code();
  return {Error(code, fmt::format("{}: {}", url_, error.message()), error.detail()), exit,
          std::move(hint)};
}

Outcome<boost::json::value> Api::call(const Call& call) {
  const HttpRequest request = request_for(call);
  auto response = runtime_.run_until_done(send_task(http_.get(), &request));
  if (!response) return stop(transport_failure(std::move(response).error()));
  if (response->status >= 400) {
    return stop(failure_from(response->status, response->body, response->headers));
  }
  return body_value(response->body);
}

Outcome<boost::json::value> Api::get(std::string path, Query query) {
  return call({.path = std::move(path), .query = std::move(query)});
}

Outcome<boost::json::value> Api::post(std::string path, boost::json::value body) {
  return call({.method = "POST", .path = std::move(path), .body = std::move(body)});
}

Outcome<std::vector<boost::json::value>> Api::list(std::string path, Query query, std::size_t max) {
  std::vector<boost::json::value> items;
  std::string cursor;
  while (items.size() < max) {
    Query page = query;
    if (!page.find("limit")) page.add("limit", std::to_string(std::min<std::size_t>(200, max)));
    if (!cursor.empty()) page.add("cursor", cursor);
    CLI_LET(answer, get(path, std::move(page)));
    const auto* object = answer.if_object();
    const auto* list = object != nullptr ? object->if_contains("items") : nullptr;
    if (list == nullptr || !list->is_array()) {
      return stop(Error(ErrorCode::kInternal, path + ": the server's answer is not a list"));
    }
    for (const boost::json::value& item : list->get_array()) {
      if (items.size() < max) items.push_back(item);
    }
    const auto* next = object->if_contains("next");
    if (next == nullptr || !next->is_string() || next->get_string().empty()) break;
    cursor = std::string(std::string_view(next->get_string()));
  }
  return items;
}

Outcome<void> Api::stream_lines(std::string path, Query query, const OnLine& on_line) {
  Call call{.path = std::move(path), .query = std::move(query)};
  return runtime_.run_until_done(stream(std::move(call), &on_line));
}

Task<Outcome<void>> Api::stream(Call call, const OnLine* on_line) {
  HttpRequest request = request_for(call);
  request.idle_limit = kSilenceLimit;
  auto opened = co_await http_->open(request);
  if (!opened) co_return stop(transport_failure(std::move(opened).error()));
  HttpResponseStream& response = **opened;
  if (response.status() >= 400) {
    auto body = co_await read_all(response, 1u << 20);
    co_return stop(failure_from(response.status(), body.value_or(""), response.headers()));
  }
  std::string pending;
  for (;;) {
    auto piece = co_await response.next();
    if (!piece) co_return stop(transport_failure(std::move(piece).error()));
    if (!*piece) break;
    pending += **piece;
    std::size_t start = 0;
    for (std::size_t end = pending.find('\n'); end != std::string::npos;
         end = pending.find('\n', start)) {
      const std::string line = pending.substr(start, end - start);
      start = end + 1;
      if (!line.empty() && !(*on_line)(line)) co_return Outcome<void>{};
    }
    pending.erase(0, start);
  }
  if (!pending.empty()) (*on_line)(pending);
  co_return Outcome<void>{};
}

}  // namespace croft::cli
