#include <fmt/format.h>

#include "api/dto.h"
#include "api/json_reader.h"
#include "api/problem.h"
#include "api/routes.h"
#include "app/resolve.h"

namespace croft {
namespace {

constexpr std::int64_t kMaxSeconds = 10ll * 365 * 24 * 3600;

boost::json::object login_json(const LoginOutput& login) {
  return {{"token", login.token.reveal()},
          {"token_id", login.info.id.str()},
          {"expires_at", time_json(login.info.expires_at)},
          {"user", user_json(login.user)}};
}

Task<Result<ApiResponse>> get_setup(ApiContext& context, ApiRequest&) {
  const auto needed = co_await context.auth.setup_needed();
  if (!needed) co_return fail(needed.error());
  co_return json_response(200, {{"needed", *needed}});
}

// A refused login is an entry of the audit trail; the rate limit bounds how many there are.
Task<Result<ApiResponse>> refused(ApiContext& context, ApiRequest& request, Error error,
                                  std::string action, Millis retry_after) {
  if (error.code() == ErrorCode::kUnauthenticated) {
    co_await context.auth.audit_refusal(nullptr, request.caller(), std::move(action), error);
  }
  if (error.code() != ErrorCode::kRateLimited) co_return fail(std::move(error));
  co_await context.auth.audit_rate_limit(request.caller(), request.exchange().path());
  ApiResponse response = problem_response(error, request.request_id());
  response.headers.set("Retry-After", retry_after_text(retry_after));
  co_return response;
}

Task<Result<ApiResponse>> set_up(ApiContext& context, ApiRequest& request) {
  const auto body = request.json_body();
  if (!body) co_return fail(body.error());
  JsonReader reader(*body);
  const Secret setup_token(reader.text("setup_token"));
  LoginInput input{.user = reader.text("user"),
                   .password = Secret(reader.text("password")),
                   .token_name = reader.optional_text("token_name").value_or("")};
  CROFT_CO_TRY(reader.finish());
  auto made = co_await context.auth.set_up(setup_token, input, request.caller());
  if (made) co_return json_response(201, login_json(*made));
  const Millis wait = context.auth.retry_after("(setup) " + request.peer(), request.peer());
  co_return co_await refused(context, request, made.error(), "setup", wait);
}

Task<Result<ApiResponse>> log_in(ApiContext& context, ApiRequest& request) {
  const auto body = request.json_body();
  if (!body) co_return fail(body.error());
  JsonReader reader(*body);
  LoginInput input{.user = reader.text("user"),
                   .password = Secret(reader.text("password")),
                   .token_name = reader.optional_text("token_name").value_or(""),
                   .expires_in_s = reader.optional_integer("expires_in_s", 60, kMaxSeconds)};
  if (input.token_name.size() > 64) reader.complain("token_name", "at most 64 characters");
  CROFT_CO_TRY(reader.finish());
  auto done = co_await context.auth.log_in(input, request.caller());
  if (done) co_return json_response(200, login_json(*done));
  const Millis wait = context.auth.retry_after(input.user, request.peer());
  co_return co_await refused(context, request, done.error(), "login", wait);
}

Task<Result<ApiResponse>> log_out(ApiContext& context, ApiRequest& request) {
  CROFT_CO_TRY(co_await context.auth.log_out(request.actor()));
  co_return empty_response(204);
}

Task<Result<ApiResponse>> who_am_i(ApiContext& context, ApiRequest& request) {
  co_return json_response(200, {{"user", user_json(request.actor().user)},
                                {"token", token_json(request.actor().token)},
                                {"install_id", context.install_id},
                                {"server_version", context.version}});
}

Task<Result<ApiResponse>> list_tokens_route(ApiContext& context, ApiRequest& request) {
  const auto page = request.page();
  if (!page) co_return fail(page.error());
  const auto tokens = co_await context.auth.list_tokens(request.actor(), *page);
  if (!tokens) co_return fail(tokens.error());
  boost::json::array items;
  for (const Token& token : tokens->items) items.push_back(token_json(token));
  co_return json_response(200, page_json(std::move(items), tokens->next));
}

Task<Result<ApiResponse>> create_token_route(ApiContext& context, ApiRequest& request) {
  const auto body = request.json_body();
  if (!body) co_return fail(body.error());
  JsonReader reader(*body);
  CreateTokenInput input{.name = reader.text("name"),
                         .scopes = reader.enums<TokenScope>("scopes"),
                         .project = reader.optional_text("project").value_or(""),
                         .expires_in_s = reader.optional_integer("expires_in_s", 60, kMaxSeconds)};
  CROFT_CO_TRY(reader.finish());
  const auto made = co_await context.auth.create_token(request.actor(), input);
  if (!made) co_return fail(made.error());
  ApiResponse response =
      json_response(201, {{"token", made->token.reveal()}, {"info", token_json(made->info)}});
  response.headers.set("Location", fmt::format("{}/tokens/{}", kApiPrefix, made->info.id.str()));
  co_return response;
}

Task<Result<ApiResponse>> delete_token_route(ApiContext& context, ApiRequest& request) {
  const auto id = request.id_param<TokenId>("id");
  if (!id) co_return fail(id.error());
  CROFT_CO_TRY(co_await context.auth.revoke_token(request.actor(), *id));
  co_return empty_response(204);
}

}  // namespace

void add_auth_routes(Router& router, ApiContext& context) {
  const auto add = [&](const char* method, const char* path, Access access, BodyKind body,
                       RouteFunction function) {
    router.add(
        {method, std::string(kApiPrefix) + path, access, body, bind_route(context, function)});
  };
  add("GET", "/setup", Access::kPublic, BodyKind::kNone, get_setup);
  add("POST", "/setup", Access::kPublic, BodyKind::kJson, set_up);
  add("POST", "/login", Access::kPublic, BodyKind::kJson, log_in);
  add("POST", "/logout", Access::kRead, BodyKind::kJson, log_out);
  add("GET", "/whoami", Access::kRead, BodyKind::kNone, who_am_i);
  add("GET", "/tokens", Access::kRead, BodyKind::kNone, list_tokens_route);
  // Any token may make one that is not more than itself (Auth::create_token checks that).
  add("POST", "/tokens", Access::kRead, BodyKind::kJson, create_token_route);
  add("DELETE", "/tokens/{id}", Access::kRead, BodyKind::kNone, delete_token_route);
}

}  // namespace croft
