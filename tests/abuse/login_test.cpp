// A19, A20, A23, A25 as far as the API itself is asked: guessing, headers that claim something,
// names that look like another's, links made from what the caller said.
#include <fmt/format.h>

#include "abuse_fixture.h"
#include "app/auth/password.h"
#include "store/users.h"

namespace croft {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kGood = "correct horse battery";

class Login : public Abuse {
 protected:
  Login() {
    const Secret hash = must(hash_password(Secret(kGood), {.passes = 1, .memory_bytes = 8192}));
    change([&](Tx& tx) -> Result<User> {
      return create_user(tx, Scope::platform(),
                         {.name = "olga", .role = UserRole::kOwner, .password_hash = hash});
    });
  }
  static std::string body(const std::string& user, const std::string& password) {
    return boost::json::serialize(boost::json::object{{"user", user}, {"password", password}});
  }
  static std::string without_ids(const Reply& reply) {
    auto json = parse_json(reply.body)->as_object();
    json.erase("request_id");
    return std::to_string(reply.status) + boost::json::serialize(json);
  }
};

TEST_F(Login, A23AndA19GuessingIsSlowedDownWhateverTheHeadersSay) {
  int wrong = 0;
  int held = 0;
  for (int i = 0; i < 30; ++i) {
    const std::string claim = fmt::format(
        "X-Forwarded-For: 203.0.113.{0}\r\nX-Real-IP: 203.0.113.{0}\r\nForwarded: "
        "for=203.0.113.{0}\r\n"
        "X_Forwarded_For: 203.0.113.{0}\r\nClient-IP: 203.0.113.{0}\r\n",
        i);
    const Reply reply =
        ask("POST", "/login", "", body("olga", "guess " + std::to_string(i)), claim);
    wrong += reply.status == 401;
    held += reply.status == 429;
    if (reply.status == 429) EXPECT_THAT(reply.head, HasSubstr("Retry-After: ")) << reply;
  }
  EXPECT_LE(wrong, 6);
  EXPECT_EQ(wrong + held, 30);
  const auto denied = refusals();
  ASSERT_GE(denied.size(), 5u) << "each guess that was checked is audited";
  for (const AuditEntry& entry : denied) EXPECT_EQ(entry.peer, "127.0.0.1") << "the true peer";
  EXPECT_THAT(denied.back().action, HasSubstr("rate limit")) << "and that the rest was held up";
  on_server([&] {
    EXPECT_EQ(auth_.failed_logins(), wrong) << "croft_login_failures_total";
    EXPECT_EQ(auth_.rate_limited(), held) << "croft_login_rate_limited_total";
  });
  // The owner, who comes from elsewhere, is not locked out for long.
  on_server([this] { clock_.advance(Millis(61'000)); });
  EXPECT_EQ(
      call("POST", "/login", body("olga", kGood), {{"Content-Type", "application/json"}}).status,
      200);
}

TEST_F(Login, A23NobodyLearnsWhichUsersThereAre) {
  const std::string known = without_ids(ask("POST", "/login", "", body("olga", "wrong")));
  const std::string unknown = without_ids(ask("POST", "/login", "", body("nobody", "wrong")));
  EXPECT_EQ(known, unknown);
  EXPECT_TRUE(known.starts_with("401"));
  const std::string tokenless = without_ids(ask("POST", "/login", "", body("mallory", "")));
  EXPECT_EQ(tokenless, unknown) << "a user without a password";
}

TEST_F(Login, A23TokensAreNotGuessed) {
  const std::string good = owner_;
  for (int i = 0; i < 20; ++i) {
    std::string guess = good;
    guess.back() = guess.back() == 'a' ? 'b' : 'a';
    guess[10] = static_cast<char>('a' + i);
    EXPECT_EQ(ask("GET", "/whoami", guess).status, 401);
  }
  EXPECT_EQ(ask("GET", "/whoami", good.substr(0, 20)).status, 401);
  EXPECT_EQ(ask("GET", "/whoami", good + "x").status, 401);
  int held = 0;
  for (int i = 0; i < 300 && held == 0; ++i)
    held += ask("GET", "/whoami", "croft_wrong").status == 429;
  EXPECT_EQ(held, 1);
  EXPECT_EQ(ask("GET", "/whoami", good).status, 200) << "good ones are not held up";
  EXPECT_GE(figures().rate_limited, 1) << "croft_api_rate_limited_total";
  EXPECT_GE(figures().unauthenticated, 22) << "croft_authn_failed_total";
}

TEST_F(Login, A23SetupIsOver) {
  const Reply reply =
      ask("POST", "/setup", "", R"({"setup_token":"x","user":"eve","password":"long enough 123"})");
  EXPECT_EQ(reply.status, 409) << reply;
  EXPECT_EQ(ask("POST", "/login", "", body("eve", "long enough 123")).status, 401);
}

TEST_F(Login, A23LongAndOddInput) {
  for (const std::string& user : {std::string(100'000, 'a'), std::string("olga\0x", 6),
                                  std::string("\xff\xfe"), std::string("OLGA' --")}) {
    boost::json::object json{{"user", user}, {"password", std::string(200'000, 'p')}};
    const Reply reply = ask("POST", "/login", "", boost::json::serialize(json));
    EXPECT_TRUE(reply.status == 401 || reply.status == 400) << reply;
  }
  EXPECT_THAT(
      raw("GET /api/v1/setup HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"),
      testing::StartsWith("HTTP/1.1 431"));
  // A search is for text: there is no pattern that could take long.
  const std::string pattern = "%28a%2B%29%2B%24" + std::string(200, 'a');
  EXPECT_EQ(attack("GET", "/projects/den/logs?grep=" + pattern).status, 200);
  EXPECT_EQ(attack("GET", "/projects/den/logs?grep=" + std::string(257, 'a')).status, 400);
  EXPECT_EQ(attack("GET", "/projects?limit=1000000").status, 400);
}

// A18: what two readers could take for two different requests is taken by nobody.
TEST_F(Login, A18RequestsWithTwoMeanings) {
  const std::string start =
      "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const std::string hidden = "GET /api/v1/setup HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::string& head :
       {std::string("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        std::string("Content-Length: 2\r\nContent-Length: 4\r\n"),
        std::string("Transfer-Encoding: chunked, identity\r\n"),
        std::string("Transfer-Encoding: xchunked\r\n"), std::string("Content-Length: +2\r\n"),
        std::string("Content-Length: 0x2\r\n"), std::string("Content-Length : 2\r\n"),
        std::string("X: a\r\n folded: b\r\nContent-Length: -1\r\n")}) {
    const std::string answer = raw(start + head + "\r\n" + "0\r\n\r\n" + hidden);
    EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 4")) << head;
    EXPECT_THAT(answer, Not(HasSubstr("\"needed\""))) << head << "the hidden request was served";
  }
}

TEST_F(Login, A25NothingIsMadeOfTheHostHeader) {
  const std::string answer = raw(
      "POST /api/v1/projects HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n"
      "Connection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
      mallory_ + "\r\nContent-Length: 17\r\n\r\n{\"name\":\"linked\"}");
  EXPECT_THAT(answer, HasSubstr(" 201 "));
  EXPECT_THAT(answer, HasSubstr("Location: /api/v1/projects/"));
  EXPECT_THAT(answer, Not(HasSubstr("evil.example")));
  for (const char* target : {"/projects/den/services/pit", "/openapi.json", "/setup",
                             "/projects/den/services/pit/variables", "/projects"}) {
    const Reply shown = ask("GET", target, mallory_, "",
                            "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: evil\r\n"
                            "Forwarded: host=evil.example\r\nReferer: https://evil.example/\r\n");
    EXPECT_EQ(shown.status, 200) << target;
    EXPECT_THAT(shown.head + shown.body, Not(HasSubstr("evil"))) << target;
  }
}

// A20: names of the platform's domain are made of the project's and the service's; nobody gets
// another's, nor one that looks like it.
TEST_F(Login, A20NamesOfOthers) {
  for (const std::string& name :
       {std::string("SHOP"), std::string("shop."), std::string("sh\xD0\xBEp"),
        std::string("xn--shp-ymd"), std::string("-shop"), std::string("shop-"), std::string("*"),
        std::string("shop.den"), std::string("127.0.0.1"), std::string("shop:80"),
        std::string("shop/path"), std::string(" shop"), std::string("api-shop.croft.localhost"),
        std::string("")}) {
    const Reply reply =
        attack("POST", "/projects", boost::json::serialize(boost::json::object{{"name", name}}));
    EXPECT_EQ(reply.status, 400) << name << reply;
  }
  const Reply taken = attack("POST", "/projects", R"({"name":"shop"})");
  EXPECT_EQ(taken.status, 409) << taken;
  EXPECT_THAT(taken.body, Not(HasSubstr("ann"))) << "it does not say whose it is";
  for (const char* hostname : {"api-shop", "*", "a.b", "API", "localhost.", "_dmarc"}) {
    const Reply reply = attack(
        "POST", "/projects/den/services",
        boost::json::serialize(boost::json::object{{"hostname", hostname}, {"type", "nodejs@22"}}));
    EXPECT_EQ(reply.status, 400) << hostname << reply;
  }
}

}  // namespace
}  // namespace croft
