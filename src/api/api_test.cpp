// The API through its frame, with an exchange in memory.

#include "api/api_fixture.h"
#include "api/no_platform.h"
#include "api/routes_live.h"

namespace croft {
namespace {

TEST_F(ApiTest, EveryAnswerCarriesAnIdAndSecurityHeaders) {
  for (const char* path : {"/api/v1/whoami", "/healthz", "/nothing"}) {
    const auto answer = call("GET", path, "");
    EXPECT_EQ(answer.headers.find("X-Request-Id")->size(), kIdLength) << path;
    EXPECT_EQ(answer.headers.find("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(answer.headers.find("Cache-Control"), "no-store") << path;
  }
}

TEST_F(ApiTest, ProblemsSayWhatAndWhereAndHideWhatIsForTheLog) {
  const auto answer =
      call("POST", "/api/v1/projects", owner_, R"({"name":"Bad Name","tags":"x","colour":1})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/problem+json");
  const auto problem = parse_json(answer.body)->as_object();
  EXPECT_EQ(problem.at("code").as_string(), "invalid");
  EXPECT_EQ(problem.at("request_id").as_string(),
            std::string_view(*answer.headers.find("X-Request-Id")));
  const auto& errors = problem.at("errors").as_array();
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].at("pointer").as_string(), "/tags");
  EXPECT_EQ(errors[1].at("pointer").as_string(), "/colour");
  const auto secret =
      problem_response(Error(ErrorCode::kFailed, "it failed", "password=hunter2 in /var/lib"), "r");
  EXPECT_EQ(secret.body.find("hunter2"), std::string::npos);
}

TEST_F(ApiTest, WhatIsNoRequestIsRefusedWithAProblem) {
  const auto answer =
      frame_.refusal(431, Error(ErrorCode::kTooLarge, "the head \xff is too large"));
  EXPECT_EQ(answer.status, 431);
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/problem+json");
  const auto parsed = parse_json(answer.body);
  ASSERT_TRUE(parsed) << answer.body;
  const auto& problem = parsed->as_object();
  expect_fits(problem, "Problem");
  EXPECT_EQ(problem.at("status").as_int64(), 431);
  EXPECT_EQ(problem.at("code").as_string(), "too-large");
  EXPECT_EQ(problem.at("request_id").as_string(),
            std::string_view(*answer.headers.find("X-Request-Id")));
}

TEST_F(ApiTest, AProcessNamesTheRequestThatStartedIt) {
  make_project("shop");
  const auto answer = call("DELETE", "/api/v1/projects/shop", owner_);
  ASSERT_EQ(answer.status, 202) << answer.body;
  const std::string request(*answer.headers.find("X-Request-Id"));
  const std::string id(parse_json(answer.body)->at("id").as_string());
  EXPECT_EQ(get("/processes/" + id).at("request_id").as_string(), std::string_view(request));
}

TEST_F(ApiTest, SetupLoginWhoamiLogout) {
  // This fixture has users: set up is over.
  EXPECT_FALSE(get("/setup").at("needed").as_bool());
  const std::string setup = R"({"setup_token":"x","user":"eve","password":"0123456789"})";
  EXPECT_EQ(call("POST", "/api/v1/setup", "", setup).status, 409);
  const auto hash = must(hash_password(Secret(kPassword), {.passes = 1, .memory_bytes = 8192}));
  must(write([&](Tx& tx) {
    return create_user(tx, Scope::platform(), {.name = "carl", .password_hash = hash});
  }));
  const std::string login = R"({"user":"carl","password":"correct horse battery"})";
  const auto in = call("POST", "/api/v1/login", "", login);
  ASSERT_EQ(in.status, 200) << in.body;
  expect_fits(parse_json(in.body)->as_object(), "LoginResult");
  const std::string token(parse_json(in.body)->at("token").as_string());
  EXPECT_EQ(call("GET", "/api/v1/whoami", token).status, 200);
  EXPECT_EQ(call("GET", "/api/v1/whoami?access_token=" + token, "").status, 401);
  EXPECT_EQ(call("POST", "/api/v1/logout", token).status, 204);
  EXPECT_EQ(call("GET", "/api/v1/whoami", token).status, 401);
}

TEST_F(ApiTest, RefusedLoginsAreAuditedAndSlowedDown) {
  const std::string login = R"({"user":"ann","password":"wrong password"})";
  int status = 0;
  for (int i = 0; i < 10 && status != 429; ++i)
    status = call("POST", "/api/v1/login", "", login).status;
  EXPECT_EQ(status, 429);
  const auto limited = call("POST", "/api/v1/login", "", login);
  EXPECT_EQ(limited.headers.find("Retry-After"), "1");
  const auto entries =
      must(read([](const Tx& tx) { return list_audit(tx, Scope::platform(), {}, {}); })).items;
  EXPECT_EQ(std::count_if(entries.begin(), entries.end(),
                          [](const AuditEntry& e) {
                            return e.action == "login" && e.result == AuditResult::kDenied;
                          }),
            LoginLimiter::kFreeFailures);
}

TEST_F(ApiTest, ForbiddenIsAudited) {
  const std::string reader = token_of(user("rita", UserRole::kOwner), {TokenScope::kRead}, {});
  EXPECT_EQ(call("POST", "/api/v1/projects", reader, R"({"name":"x"})").status, 403);
  const auto entries =
      must(read([](const Tx& tx) { return list_audit(tx, Scope::platform(), {}, {}); })).items;
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].actor, "rita");
  EXPECT_EQ(entries[0].action, "POST /api/v1/projects");
}

TEST_F(ApiTest, TokensAreShownOnceAndCannotGrow) {
  const auto made = call("POST", "/api/v1/tokens", owner_,
                         R"({"name":"ci","scopes":["read","deploy"],"expires_in_s":3600})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto json = parse_json(made.body)->as_object();
  const std::string token(json.at("token").as_string());
  expect_fits(json.at("info").as_object(), "Token");
  const auto list = call("GET", "/api/v1/tokens", owner_);
  EXPECT_EQ(list.body.find(token), std::string::npos);
  EXPECT_EQ(call("POST", "/api/v1/tokens", token, R"({"name":"x","scopes":["admin"]})").status,
            403);
  const std::string id(json.at("info").at("id").as_string());
  EXPECT_EQ(call("DELETE", "/api/v1/tokens/" + id, member_).status, 404);
  EXPECT_EQ(call("DELETE", "/api/v1/tokens/" + id, owner_).status, 204);
  EXPECT_EQ(call("GET", "/api/v1/whoami", token).status, 401);
}

TEST_F(ApiTest, PagesGoOnByCursor) {
  for (const char* name : {"a", "b", "c"}) make_project(name);
  std::string path = "/projects?limit=2";
  std::string names;
  for (int i = 0; i < 5 && !path.empty(); ++i) {
    const auto page = get(path);
    for (const auto& item : page.at("items").as_array()) names += item.at("name").as_string();
    path = page.at("next").is_null()
               ? ""
               : "/projects?limit=2&cursor=" + std::string(page.at("next").as_string());
  }
  EXPECT_EQ(names, "abc");
  for (const char* bad : {"?limit=0", "?limit=201", "?limit=x", "?cursor=YQ", "?cursor=%25"}) {
    EXPECT_EQ(call("GET", std::string("/api/v1/projects") + bad, owner_).status, 400) << bad;
  }
}

TEST_F(ApiTest, EtagsAndPreconditions) {
  make_project("shop");
  const auto first = call("GET", "/api/v1/projects/shop", owner_);
  const std::string etag = *first.headers.find("ETag");
  EXPECT_EQ(call("GET", "/api/v1/projects/shop", owner_, "", {{"If-None-Match", etag}}).status,
            304);
  const std::string change = R"({"description":"new"})";
  EXPECT_EQ(call("PATCH", "/api/v1/projects/shop", owner_, change, {{"If-Match", etag}}).status,
            200);
  EXPECT_EQ(call("PATCH", "/api/v1/projects/shop", owner_, change, {{"If-Match", etag}}).status,
            412);
  EXPECT_EQ(call("PATCH", "/api/v1/projects/shop", owner_, change, {{"If-Match", "x"}}).status,
            412);
  EXPECT_EQ(call("GET", "/api/v1/projects/shop", owner_, "", {{"If-None-Match", etag}}).status,
            200);
}

TEST_F(ApiTest, IdempotencyKeysReplayTheFirstAnswer) {
  const HttpHeaders key{{"Idempotency-Key", "key-12345"}};
  const std::string body = R"({"name":"shop"})";
  const auto first = call("POST", "/api/v1/projects", owner_, body, key);
  const auto again = call("POST", "/api/v1/projects", owner_, body, key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.find("Location"), first.headers.find("Location"));
  EXPECT_EQ(again.headers.find("Idempotent-Replayed"), "true");
  EXPECT_EQ(call("POST", "/api/v1/projects", owner_, R"({"name":"other"})", key).status, 422);
  // A failure may be repeated: it is not kept.
  const HttpHeaders other{{"Idempotency-Key", "key-67890"}};
  EXPECT_EQ(call("POST", "/api/v1/projects", owner_, body, other).status, 409);
  EXPECT_EQ(call("POST", "/api/v1/projects", owner_, R"({"name":"free"})", other).status, 201);
}

TEST_F(ApiTest, BodiesHaveATypeAndACap) {
  EXPECT_EQ(
      call("POST", "/api/v1/projects", owner_, R"({"name":"x"})", {{"Content-Type", "text/plain"}})
          .status,
      400);
  EXPECT_EQ(call("POST", "/api/v1/projects", owner_, "[1]").status, 400);
  EXPECT_EQ(call("POST", "/api/v1/projects", owner_, "{").status, 400);
  EXPECT_EQ(call("POST", "/api/v1/projects", owner_, std::string(kMaxJsonBytes + 1, ' ')).status,
            413);
  EXPECT_EQ(call("GET", "/api/v1/projects", owner_, "{}").status, 413);
}

TEST_F(ApiTest, MethodsAndPaths) {
  EXPECT_EQ(call("GET", "/api/v1/nothing", owner_).status, 404);
  const auto wrong = call("DELETE", "/api/v1/projects", owner_);
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.find("Allow"), "OPTIONS, GET, HEAD, POST");
  EXPECT_EQ(call("OPTIONS", "/api/v1/projects", "").status, 204);
  EXPECT_EQ(call("HEAD", "/api/v1/projects", owner_).status, 200);
  EXPECT_EQ(call("HEAD", "/api/v1/events", owner_).status, 200);
  EXPECT_EQ(call("GET", "/api/v1/projects//services", owner_).status, 404);
}

TEST_F(ApiTest, SecretValuesAreMaskedAndArriveByteForByte) {
  make_project("shop");
  const std::string value = "a$b\n\"\xC3\xBC'\\";
  const std::string body =
      boost::json::serialize(boost::json::object{{"value", value}, {"secret", true}});
  EXPECT_EQ(call("PUT", "/api/v1/projects/shop/variables/S", owner_, body).status, 200);
  EXPECT_TRUE(get("/projects/shop/variables/S").at("value").is_null());
  EXPECT_EQ(get("/projects/shop/variables/S?reveal=true").at("value").as_string(), value);
  const std::string reader = token_of(user("rita", UserRole::kOwner), {TokenScope::kRead}, {});
  EXPECT_EQ(call("GET", "/api/v1/projects/shop/variables/S?reveal=true", reader).status, 403);
  const auto bulk = call("PUT", "/api/v1/projects/shop/variables", owner_,
                         R"({"variables":[{"key":"A","value":"1"},{"key":"9","value":"2"},{}]})");
  EXPECT_EQ(bulk.status, 400);
  EXPECT_NE(bulk.body.find("/variables/2/key"), std::string::npos) << bulk.body;
}

TEST_F(ApiTest, DeletingAProjectIsAProcessToFollow) {
  make_project("shop");
  const auto accepted = call("DELETE", "/api/v1/projects/shop", owner_);
  ASSERT_EQ(accepted.status, 202) << accepted.body;
  const std::string where = *accepted.headers.find("Location");
  EXPECT_EQ(call("GET", where, owner_).status, 200);
}

TEST_F(ApiTest, ProcessLogsGoOnBehindALine) {
  const Process process = make_process(make_project("shop"));
  must(write([&](Tx& tx) {
    return append_process_log(
        tx, Scope::platform(), process.id,
        {{.step = "build", .text = "one"}, {.text = "two"}, {.text = "three"}});
  }));
  const std::string path = "/api/v1/processes/" + process.id.str() + "/log";
  const auto newest = call("GET", path + "?limit=2", owner_);
  EXPECT_EQ(newest.status, 200);
  EXPECT_EQ(std::count(newest.body.begin(), newest.body.end(), '\n'), 2);
  const auto line = parse_json(newest.body.substr(0, newest.body.find('\n')))->as_object();
  expect_fits(line, "LogLine");
  EXPECT_EQ(line.at("line").as_string(), "two");
  const auto behind = call("GET", path + "?after=2", owner_);
  EXPECT_EQ(std::count(behind.body.begin(), behind.body.end(), '\n'), 1);
  EXPECT_EQ(call("GET", path + "?after=x", owner_).status, 400);
}

Task<void> finish_later(Store& store, Process process) {
  co_await sleep_for(Millis(1));
  process.status = ProcessStatus::kFinished;
  static_cast<void>(co_await store.write([&](Tx& tx) -> Status {
    CROFT_TRY(append_process_log(tx, Scope::platform(), process.id, {{.text = "last words"}}));
    CROFT_TRY(update_process(tx, Scope::platform(), process));
    return {};
  }));
}

Task<void> handle_and_join(ApiHandlerFrame& frame, HttpExchange& exchange, Group& group) {
  co_await frame.handle(exchange);
  co_await group.join();
}

TEST_F(ApiTest, FollowingALogEndsWithItsProcess) {
  const Process process = make_process(make_project("shop"));
  FakeExchange exchange("GET", "/api/v1/processes/" + process.id.str() + "/log?follow=true",
                        {{"Authorization", "Bearer " + owner_}}, "");
  Group group(runtime_);
  group.spawn("finish", finish_later(store(), process));
  runtime_.run_until_done(handle_and_join(frame_, exchange, group));
  EXPECT_NE(exchange.answer().body.find("last words"), std::string::npos);
  EXPECT_TRUE(exchange.answer().finished);
}

TEST_F(ApiTest, PreferWaitAnswersWhenTheProcessMovesOn) {
  const Process process = make_process(make_project("shop"));
  FakeExchange exchange("GET", "/api/v1/processes/" + process.id.str(),
                        {{"Authorization", "Bearer " + owner_}, {"Prefer", "wait=60"}}, "");
  Group group(runtime_);
  group.spawn("finish", finish_later(store(), process));
  runtime_.run_until_done(handle_and_join(frame_, exchange, group));
  EXPECT_EQ(parse_json(exchange.answer().body)->at("status").as_string(), "finished");
}

TEST_F(ApiTest, EventsReplayFromTheLastSeenIdAndStayInTheScope) {
  make_project("one");
  make_project("two");
  const auto stream = [&](const std::string& token, const std::string& target,
                          const std::string& last) {
    FakeExchange exchange("GET", "/api/v1/events" + target,
                          {{"Authorization", "Bearer " + token}, {"Last-Event-ID", last}}, "");
    exchange.leave_after_writes(2);  // ": connected", then what there is
    runtime_.run_until_done(frame_.handle(exchange));
    return exchange.answer();
  };
  const auto all = stream(owner_, "", "0");
  EXPECT_EQ(all.headers.find("Content-Type"), "text/event-stream");
  EXPECT_NE(all.body.find("id: 1\nevent: project.created\ndata: {"), std::string::npos) << all.body;
  const auto one = stream(owner_, "?project=two&type=project.changed", "0");
  EXPECT_EQ(one.body.find("\"one\""), std::string::npos) << one.body;
  EXPECT_NE(one.body.find("event: project.changed"), std::string::npos) << one.body;
  EXPECT_EQ(one.body.find("event: project.created"), std::string::npos) << one.body;
  const auto lost = stream(owner_, "", "999999");
  EXPECT_NE(lost.body.find("event: reset\n"), std::string::npos) << lost.body;
  FakeExchange foreign("GET", "/api/v1/events?project=one",
                       {{"Authorization", "Bearer " + member_}}, "");
  runtime_.run_until_done(frame_.handle(foreign));
  EXPECT_EQ(foreign.answer().status, 404);
}

// Knows how ready it is and nothing else.
class ReadinessOnly final : public NoPlatform {
 public:
  Task<std::vector<ReadyCheck>> readiness() override { co_return checks; }

  std::vector<ReadyCheck> checks{{.name = "engine", .ok = true},
                                 {.name = "core_image", .detail = "step 2/4, core on trixie"}};
};

TEST_F(ApiTest, ReadinessNamesWhatIsMissing) {
  ReadinessOnly running;
  add_ready_route(router_, running);
  const auto not_yet = call("GET", "/readyz", "");
  EXPECT_EQ(not_yet.status, 503);
  EXPECT_EQ(*parse_json(not_yet.body), *parse_json(R"({"status":"not_ready","checks":[
      {"name":"engine","ok":true,"detail":""},
      {"name":"core_image","ok":false,"detail":"step 2/4, core on trixie"}]})"));
  running.checks[1] = {.name = "core_image", .ok = true};
  const auto ready = call("GET", "/readyz", "");
  EXPECT_EQ(ready.status, 200);
  EXPECT_NE(ready.body.find(R"("status":"ready")"), std::string::npos) << ready.body;
}

TEST_F(ApiTest, HealthAndContractArePublic) {
  EXPECT_EQ(call("GET", "/healthz", "").status, 200);
  EXPECT_EQ(call("GET", "/api/v1/openapi.json", "").body, kOpenApiText);
}

}  // namespace
}  // namespace croft
