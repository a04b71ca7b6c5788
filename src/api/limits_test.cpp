// Rate limits of the API, and the limits that an owner sets.
#include "store/limits.h"
#include "api/api_fixture.h"

namespace croft {
namespace {

class ApiLimits : public ApiTest {
 protected:
  // Sends until a request is refused for its rate; the refusal.
  FakeExchange::Answer refusal(const std::string& method, const std::string& target,
                               const std::string& token, const std::string& body = "") {
    for (int i = 0; i < 1000; ++i) {
      auto answer = call(method, target, token, body);
      if (answer.status == 429) return answer;
    }
    ADD_FAILURE() << "never refused";
    return {};
  }
  std::size_t audited(const std::string& action) {
    const auto items =
        must(read([](const Tx& tx) { return list_audit(tx, Scope::platform(), {}, {}); })).items;
    return static_cast<std::size_t>(std::count_if(
        items.begin(), items.end(), [&](const AuditEntry& one) { return one.action == action; }));
  }
};

TEST_F(ApiLimits, ATokenThatAsksTooOftenIsToldWhenToComeBack) {
  context_.rates.per_token = 2;
  const auto answer = refusal("GET", "/api/v1/whoami", owner_);
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.headers.find("Retry-After"), "1");
  const auto problem = parse_json(answer.body)->as_object();
  expect_fits(problem, "Problem");
  EXPECT_EQ(problem.at("code").as_string(), "rate-limited");
  EXPECT_EQ(frame_.figures().rate_limited, 1);
  EXPECT_EQ(frame_.figures().requests.at({"GET", "4xx"}), 1);
  EXPECT_EQ(call("GET", "/api/v1/whoami", member_).status, 200);  // others go on
  clock_.advance(Millis(1000));
  EXPECT_EQ(call("GET", "/api/v1/whoami", owner_).status, 200);
}

TEST_F(ApiLimits, GuessingTokensSlowsDownTheGuesserOnly) {
  EXPECT_EQ(call("GET", "/api/v1/whoami", owner_).status, 200);
  refusal("GET", "/api/v1/whoami", "croft_wrong");
  EXPECT_EQ(call("GET", "/api/v1/whoami", "croft_another").status, 429);
  // The same address, with a token that was good before.
  EXPECT_EQ(call("GET", "/api/v1/whoami", owner_).status, 200);
}

TEST_F(ApiLimits, AFloodOfLoginsIsRefusedAndOnceAudited) {
  const std::string body = R"({"user":"ann","password":"wrong password"})";
  const auto answer = refusal("POST", "/api/v1/login", "", body);
  EXPECT_TRUE(answer.headers.find("Retry-After"));
  const auto refused = auth_.rate_limited();
  EXPECT_GE(refused, 1);
  for (int i = 0; i < 300; ++i) call("POST", "/api/v1/login", "", body);
  EXPECT_EQ(auth_.rate_limited(), refused + 300);
  EXPECT_EQ(audited("rate limit /api/v1/login"), 1u);
  clock_.advance(Millis(60'000));
  refusal("POST", "/api/v1/login", "", body);
  EXPECT_EQ(audited("rate limit /api/v1/login"), 2u);
  refusal("POST", "/api/v1/setup", "",
          R"({"setup_token":"x","user":"eve","password":"long enough"})");
}

TEST_F(ApiLimits, OwnersReadAndChangeThem) {
  auto limits = get("/platform/limits");
  expect_fits(limits, "Limits");
  EXPECT_EQ(limits.at("builds").as_int64(), ProjectCaps{}.builds);
  Limits told;
  context_.limits_changed = [&](const Limits& now) { told = now; };
  const auto changed = call("PATCH", "/api/v1/platform/limits", owner_,
                            R"({"containers":7,"requests_per_token":50})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  limits = get("/platform/limits");
  EXPECT_EQ(limits.at("containers").as_int64(), 7);
  EXPECT_EQ(limits.at("builds").as_int64(), ProjectCaps{}.builds);
  EXPECT_EQ(context_.rates.per_token, 50);
  EXPECT_EQ(told.project.containers, 7);
  EXPECT_EQ(audited("platform.limits"), 1u);
  EXPECT_EQ(call("PATCH", "/api/v1/platform/limits", member_, R"({"containers":7})").status, 403);
  for (const char* bad : {R"({"containers":0})", R"({"nonsense":1})", R"({"builds":"many"})"}) {
    EXPECT_EQ(call("PATCH", "/api/v1/platform/limits", owner_, bad).status, 400) << bad;
  }
}

TEST_F(ApiLimits, WhileTheDiskIsFullReadingAndDeletingWork) {
  make_project("shop");
  bool full = true;
  context_.may_write = [&full]() -> Status {
    if (!full) return {};
    return fail(ErrorCode::kExhausted, "the disk of /srv/croft is full (0 bytes left)");
  };
  const std::string body = R"({"name":"blog"})";
  const auto refused = call("POST", "/api/v1/projects", owner_, body);
  EXPECT_EQ(refused.status, 507);
  EXPECT_EQ(refused.headers.find("Content-Type"), "application/problem+json");
  const auto problem = parse_json(refused.body)->as_object();
  EXPECT_EQ(problem.at("code").as_string(), "exhausted");
  EXPECT_NE(problem.at("detail").as_string().find("/srv/croft"), std::string::npos);
  EXPECT_EQ(call("PUT", "/api/v1/projects/shop/variables/A", owner_, R"({"value":"1"})").status,
            507);
  EXPECT_EQ(call("GET", "/api/v1/projects", owner_).status, 200);
  EXPECT_EQ(call("DELETE", "/api/v1/projects/shop", owner_).status, 202);
  // A stranger is not told where.
  const auto login =
      call("POST", "/api/v1/login", "", R"({"user":"ann","password":"wrong password"})");
  EXPECT_EQ(login.status, 507);
  EXPECT_EQ(login.body.find("/srv"), std::string::npos);
  EXPECT_EQ(call("POST", "/api/v1/projects", "croft_wrong", body).status, 401);
  full = false;
  EXPECT_EQ(call("POST", "/api/v1/projects", owner_, body).status, 201);
}

}  // namespace
}  // namespace croft
