#include "api/api_handler.h"

#include <fmt/format.h>

#include <algorithm>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "api/problem.h"
#include "base/error_mapping.h"
#include "base/log.h"
#include "base/utf8.h"
#include "store/audit.h"
#include "store/idempotency.h"

namespace croft {
namespace {

std::optional<Action> action_of(Access access) {
  switch (access) {
    case Access::kPublic:
      return std::nullopt;
    case Access::kRead:
      return Action::kRead;
    case Access::kDeploy:
      return Action::kDeploy;
    case Access::kWrite:
      return Action::kWrite;
    case Access::kCreateProject:
      return Action::kCreateProject;
    case Access::kAdmin:
      return Action::kAdmin;
  }
  return Action::kAdmin;
}

// From the header only: a token in a URL ends up in logs (abuse case A13).
Secret bearer_token(const HttpHeaders& headers) {
  const auto header = headers.find("Authorization");
  if (!header || header->size() < 8 ||
      !equals_ignoring_case(std::string_view(*header).substr(0, 7), "Bearer ")) {
    return Secret();
  }
  return Secret(header->substr(7));
}

bool is_json(const HttpHeaders& headers) {
  const auto type = headers.find("Content-Type");
  if (!type) return false;
  std::string_view name = *type;
  name = name.substr(0, name.find(';'));
  while (name.ends_with(' ')) name.remove_suffix(1);
  return equals_ignoring_case(name, "application/json");
}

std::string methods_of(const RouteMatch& match) {
  std::string list = "OPTIONS";
  for (const std::string& method : match.allowed) {
    list += ", " + method;
    if (method == "GET") list += ", HEAD";
  }
  return list;
}

ApiResponse unmatched(const RouteMatch& match, ApiRequest& request) {
  const std::string& method = request.exchange().method();
  if (match.allowed.empty()) {
    return problem_response(Error(ErrorCode::kNotFound,
                                  "there is no such path; /api/v1/openapi.json lists those "
                                  "that there are"),
                            request.request_id());
  }
  ApiResponse response = empty_response(204);
  if (method != "OPTIONS") {
    response = problem_response(
        Error(ErrorCode::kUnsupported, "this path does not have that method; see the header Allow"),
        request.request_id());
    response.status = 405;
  }
  response.headers.set("Allow", methods_of(match));
  return response;
}

RequestRate rate_of(std::int64_t per_second) {
  const auto rate = static_cast<double>(per_second);
  return {.per_second = rate, .burst = 4 * rate};
}

tl::unexpected<Error> too_many(std::string_view who) {
  return fail(ErrorCode::kRateLimited,
              fmt::format("too many requests from {}; wait as long as Retry-After says", who));
}

// What changes something leaves a line in the log; a process that it started is named there, and
// names itself in the lines of its own.
void log_change(ApiRequest& request, const ApiResponse& response) {
  const std::string& method = request.exchange().method();
  if (method == "GET" || method == "HEAD" || method == "OPTIONS") return;
  constexpr std::string_view kProcesses = "/processes/";
  const std::string location = response.headers.find("Location").value_or("");
  const std::size_t at = location.find(kProcesses);
  const Actor* actor = request.actor_if_any();
  log_info("request",
           {{"request_id", request.request_id()},
            {"what", method + " " + request.exchange().path()},
            {"status", response.status},
            {"actor", actor == nullptr ? std::string() : actor->user.name},
            {"process",
             at == std::string::npos ? std::string() : location.substr(at + kProcesses.size())}});
}

}  // namespace

Task<void> ApiHandlerFrame::handle(HttpExchange& exchange) {
  ApiRequest request(exchange, context_.app.random.base62(kIdLength));
  const Millis began = context_.app.clock.steady();
  std::optional<Result<ApiResponse>> result;
  try {
    result.emplace(co_await serve(request));
  } catch (const boost::system::system_error& e) {
    if (e.code() == boost::asio::error::operation_aborted) throw;  // croftd stops
    result.emplace(fail(ErrorCode::kInternal, "croft failed; see croftd's log", e.what()));
  } catch (const std::exception& e) {
    result.emplace(fail(ErrorCode::kInternal, "croft failed; see croftd's log", e.what()));
  }
  if (!*result) co_await note_failure(request, result->error());
  if (*result && (**result).streamed) {
    count(exchange.method(), 200, std::nullopt);
    co_return;
  }
  ApiResponse response =
      *result ? std::move(**result) : problem_response(result->error(), request.request_id());
  if (!*result && request.retry_after() > Millis(0)) {
    response.headers.set("Retry-After", retry_after_text(request.retry_after()));
  }
  add_common_headers(response.headers, request.request_id());
  if (!response.content_type.empty()) {
    response.headers.set("Content-Type", response.content_type);
  }
  count(exchange.method(), response.status, context_.app.clock.steady() - began);
  log_change(request, response);
  // The client may have gone: there is nothing to do about it.
  static_cast<void>(co_await exchange.respond(response.status, std::move(response.headers),
                                              std::move(response.body)));
}

HttpAnswer ApiHandlerFrame::refusal(int status, const Error& error) {
  const std::string request_id = context_.app.random.base62(kIdLength);
  boost::json::object problem = problem_json(error, request_id);
  problem["status"] = status;                          // 431 has no ErrorCode of its own
  problem["detail"] = to_valid_utf8(error.message());  // may name bytes of the request
  HttpAnswer answer{.status = status, .headers = {}, .body = boost::json::serialize(problem)};
  add_common_headers(answer.headers, request_id);
  answer.headers.set("Content-Type", "application/problem+json");
  return answer;
}

void ApiHandlerFrame::count(const std::string& method, int status, std::optional<Millis> took) {
  constexpr std::string_view kKnown[] = {"GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS"};
  const bool known = std::find(std::begin(kKnown), std::end(kKnown), method) != std::end(kKnown);
  ++figures_.requests[{known ? method : "other", fmt::format("{}xx", status / 100)}];
  if (status == 401) ++figures_.unauthenticated;
  if (status == 403) ++figures_.denied;
  if (status == 429) ++figures_.rate_limited;
  if (took) figures_.seconds.observe(static_cast<double>(took->count()) / 1000);
}

Task<Result<ApiResponse>> ApiHandlerFrame::serve(ApiRequest& request) {
  HttpExchange& exchange = request.exchange();
  RouteMatch match = router_.match(exchange.method(), exchange.path());
  if (match.route == nullptr) co_return unmatched(match, request);
  const Route& route = *match.route;
  request.params_ = std::move(match.params);
  CROFT_CO_TRY(co_await admit(request, route));
  CROFT_CO_TRY(check_writable(route));
  CROFT_CO_TRY(co_await take_body(request, route));
  const auto key = exchange.headers().find("Idempotency-Key");
  const bool repeatable = key && route.method != "GET" && route.access != Access::kPublic &&
                          route.body != BodyKind::kStream;
  if (!repeatable) co_return co_await call(request, route);
  if (key->size() < 8 || key->size() > 128) {
    co_return fail(ErrorCode::kInvalid, "the Idempotency-Key must have 8 to 128 characters");
  }
  co_return co_await call_once(request, route, *key);
}

Task<Status> ApiHandlerFrame::admit_stranger(ApiRequest& request, const Route& route) {
  request.set_retry_after(by_address_.take(request.peer(), rate_of(context_.rates.per_address)));
  if (request.retry_after() == Millis(0)) co_return Status();
  if (route.method == "POST") {  // log-in or set-up
    co_await context_.auth.audit_rate_limit(request.caller(), request.exchange().path());
  }
  co_return too_many("this address");
}

Task<Status> ApiHandlerFrame::admit(ApiRequest& request, const Route& route) {
  const auto action = action_of(route.access);
  if (!action) co_return co_await admit_stranger(request, route);
  request.bearer_ = bearer_token(request.exchange().headers());
  if (request.bearer_.empty()) {
    co_return fail(ErrorCode::kUnauthenticated,
                   "this needs a token in the header `Authorization: Bearer …`; log in "
                   "(`croft login`)");
  }
  const std::string key = sha256_hex(request.bearer_.reveal());
  const RequestRate address_rate = rate_of(context_.rates.per_address);
  // Guessing tokens does not cost a look into the store each time; good tokens are not held up.
  if (!by_token_.knows(key)) {
    request.set_retry_after(by_address_.wait_for(request.peer(), address_rate));
    if (request.retry_after() > Millis(0)) co_return too_many("this address");
  }
  auto actor = co_await context_.auth.authenticate(request.bearer_, request.caller());
  if (!actor) {
    by_address_.take(request.peer(), address_rate);
    co_return fail(std::move(actor).error());
  }
  request.set_retry_after(by_token_.take(key, rate_of(context_.rates.per_token)));
  if (request.retry_after() > Millis(0)) co_return too_many("this token");
  request.actor_ = std::move(*actor);
  co_return authorize(*request.actor_, *action, {});
}

Status ApiHandlerFrame::check_writable(const Route& route) const {
  if (!context_.may_write || route.method == "GET" || route.method == "DELETE" ||
      route.path.ends_with("/logout")) {
    return {};
  }
  Status writable = context_.may_write();
  if (writable || route.access != Access::kPublic) return writable;
  // Strangers do not learn where things are.
  return fail(ErrorCode::kExhausted, "the disk of the control plane is full; try again later");
}

Task<Status> ApiHandlerFrame::take_body(ApiRequest& request, const Route& route) {
  if (route.body == BodyKind::kStream) co_return Status();
  const std::size_t limit = route.body == BodyKind::kJson ? kMaxJsonBytes : 0;
  auto body = co_await request.exchange().read_body(limit);
  if (!body) co_return fail(std::move(body).error());
  // Not a "simple" content type: a page of another origin cannot send it unasked (A15).
  if (!body->empty() && !is_json(request.exchange().headers())) {
    co_return fail(ErrorCode::kInvalid, "send the body with Content-Type: application/json");
  }
  request.body_ = std::move(*body);
  co_return Status();
}

Task<Result<ApiResponse>> ApiHandlerFrame::call_once(ApiRequest& request, const Route& route,
                                                     std::string key) {
  Store& store = context_.app.store;
  const Scope scope = request.actor().scope;
  const std::string hash = sha256_hex(
      fmt::format("{} {}\n{}", route.method, request.exchange().raw_target(), request.body()));
  auto known = co_await store.write([&](Tx& tx) { return begin_idempotent(tx, scope, key, hash); });
  if (!known) co_return fail(std::move(known).error());
  if (*known) {
    SavedResponse& saved = **known;
    ApiResponse again{.status = saved.status, .body = std::move(saved.body)};
    if (again.body.empty()) again.content_type.clear();
    if (!saved.location.empty()) again.headers.set("Location", saved.location);
    if (!saved.etag.empty()) again.headers.set("ETag", saved.etag);
    again.headers.set("Idempotent-Replayed", "true");
    co_return again;
  }
  auto result = co_await call(request, route);
  // A failure may be tried again with the same key.
  const Status kept = co_await store.write([&](Tx& tx) {
    if (!result || result->streamed) return abandon_idempotent(tx, scope, key);
    return finish_idempotent(tx, scope, key,
                             {.status = result->status,
                              .location = result->headers.find("Location").value_or(""),
                              .etag = result->headers.find("ETag").value_or(""),
                              .body = result->body});
  });
  if (!kept) log_warning("idempotency key not kept", {{"error", kept.error().describe()}});
  co_return result;
}

Task<Result<ApiResponse>> ApiHandlerFrame::call(ApiRequest& request, const Route& route) {
  auto result = co_await route.handler(request);
  if (result && !route.audit_as.empty()) co_await audit(request, route, *result);
  co_return result;
}

Task<void> ApiHandlerFrame::audit(ApiRequest& request, const Route& route,
                                  const ApiResponse& response) {
  if (response.status >= 400) co_return;
  const Actor& actor = request.actor();
  const Status written = co_await context_.app.store.write(
      [&](Tx& tx) { return audit_done(tx, actor, route.audit_as, {}, request.exchange().path()); });
  if (!written) log_error("a change was not audited", {{"error", written.error().describe()}});
}

// What the caller is not told goes into the log, under the id that the caller is told.
Task<void> ApiHandlerFrame::note_failure(ApiRequest& request, const Error& error) {
  const std::string what = request.exchange().method() + " " + request.exchange().path();
  if (http_status(error.code()) >= 500) {
    log_error("request failed",
              {{"request_id", request.request_id()}, {"what", what}, {"error", error.describe()}});
  }
  if (error.code() == ErrorCode::kForbidden) {
    co_await context_.auth.audit_refusal(request.actor_if_any(), request.caller(), what, error);
  }
}

}  // namespace croft
