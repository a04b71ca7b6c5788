// One tenant or stranger that wants more than its share (issue: caps per project, rate limits), and
// a tripwire for the classes whose feature croft does not have yet.
#include <fmt/format.h>

#include "abuse_fixture.h"
#include "build/archive_writer.h"

namespace croft {
namespace {

using testing::HasSubstr;

class Starving : public Abuse {
 protected:
  void limit(const std::string& name, std::int64_t value) {
    const Reply reply = ask("PATCH", "/platform/limits", owner_,
                            boost::json::serialize(boost::json::object{{name, value}}));
    ASSERT_EQ(reply.status, 200) << reply;
  }
  Reply add_service(const std::string& hostname, int containers) {
    return attack("POST", "/projects/den/services",
                  boost::json::serialize(boost::json::object{{"hostname", hostname},
                                                             {"type", "nodejs@22"},
                                                             {"min_containers", containers},
                                                             {"max_containers", containers}}));
  }
  // 409 that names the cap, and what the owner of the platform would set.
  static void expect_capped(const Reply& reply, const std::string& cap) {
    EXPECT_EQ(reply.status, 409) << cap << reply;
    EXPECT_THAT(reply.body, HasSubstr("project den may have")) << reply;
    EXPECT_THAT(reply.body, HasSubstr("--set " + cap + "=N")) << reply;
  }
  static std::string archive() {
    build::ArchiveWriter writer({.compress = true});
    must(writer.add_file("server.js", "// nothing\n", 0644));
    must(writer.finish());
    return writer.take();
  }
  // The version, uploaded; the answer to the upload.
  Reply upload(const std::string& service, std::string& version) {
    version = new_version(mallory_, service);
    return ask("PUT", service + "/versions/" + version + "/source", mallory_, archive(),
               "Content-Type: application/zstd\r\n");
  }
};

TEST_F(Starving, CapsContainersCpusAndMemory) {
  limit("containers", 3);
  const auto before = everything();
  expect_capped(add_service("greedy", 4), "containers");
  const boost::json::object import{
      {"project", "den"},
      {"yaml",
       "services:\n  - hostname: a\n    type: nodejs@22\n  - hostname: b\n    type: "
       "nodejs@22\n  - hostname: c\n    type: nodejs@22\n"}};
  expect_capped(attack("POST", "/import", boost::json::serialize(import)), "containers");
  limit("containers", 1000);
  limit("cpus", 1);
  expect_capped(add_service("greedy", 10), "cpus");
  limit("cpus", 1000);
  limit("memory_bytes", 1 << 20);
  expect_capped(add_service("greedy", 1), "memory_bytes");
  EXPECT_EQ(everything(), before) << "nothing of what was refused stays";
  // The others are not held up by what one of them wants.
  limit("memory_bytes", 1ll << 40);
  limit("containers", 3);
  expect_capped(add_service("greedy", 4), "containers");
  const Reply fine =
      ask("POST", "/projects/shop/services", owner_, R"({"hostname":"cache","type":"nodejs@22"})");
  EXPECT_EQ(fine.status, 202) << fine;
}

TEST_F(Starving, CapsBuildsAndDisk) {
  EXPECT_EQ(add_service("other", 1).status, 202);
  std::string first;
  std::string second;
  EXPECT_LT(upload("/projects/den/services/pit", first).status, 300);
  EXPECT_LT(upload("/projects/den/services/other", second).status, 300);
  limit("builds", 1);
  EXPECT_EQ(attack("POST", "/projects/den/services/pit/versions/" + first + "/deploy").status, 202);
  expect_capped(attack("POST", "/projects/den/services/other/versions/" + second + "/deploy"),
                "builds");
  limit("disk_bytes", 1);
  const Reply more = attack(
      "POST", "/projects/den/services/pit/versions",
      R"({"config":"croft:\n  - setup: pit\n    run:\n      base: nodejs@22\n      start: node x\n"})");
  expect_capped(more, "disk_bytes");
}

TEST_F(Starving, CapsAreNotTheTenantsToChange) {
  const auto before = refusals().size();
  EXPECT_EQ(attack("PATCH", "/platform/limits", R"({"containers":100000})").status, 403);
  const auto denied = refusals();
  ASSERT_EQ(denied.size(), before + 1);
  EXPECT_EQ(denied.back().actor, "mallory");
  EXPECT_THAT(denied.back().action, HasSubstr("/platform/limits"));
  EXPECT_EQ(figures().denied, 1);
}

TEST_F(Starving, RatesOfATokenHoldUpNobodyElse) {
  limit("requests_per_token", 5);
  Reply last;
  for (int i = 0; i < 50 && last.status != 429; ++i) last = attack("GET", "/whoami");
  ASSERT_EQ(last.status, 429) << last;
  EXPECT_THAT(last.head, HasSubstr("Retry-After: ")) << last;
  EXPECT_EQ(figures().rate_limited, 1) << "croft_api_rate_limited_total";
  EXPECT_EQ(ask("GET", "/whoami", made_token("bob", UserRole::kMember)).status, 200);
}

TEST_F(Starving, RatesOfStrangersAtLoginSetupAndApi) {
  limit("requests_per_address", 5);
  const std::string setup = R"({"setup_token":"x","user":"eve","password":"long enough 123"})";
  Reply last;
  for (int i = 0; i < 50 && last.status != 429; ++i) last = ask("POST", "/setup", "", setup);
  ASSERT_EQ(last.status, 429) << last;
  EXPECT_THAT(last.head, HasSubstr("Retry-After: ")) << last;
  EXPECT_THAT(refusals().back().action, HasSubstr("rate limit /api/v1/setup"));
  EXPECT_EQ(refusals().back().peer, "127.0.0.1");
  EXPECT_EQ(ask("POST", "/login", "", R"({"user":"ann","password":"x"})").status, 429);
  EXPECT_EQ(ask("GET", "/whoami", "croft_guess").status, 429);
  EXPECT_EQ(figures().rate_limited, 3) << "croft_api_rate_limited_total";
  on_server([&] { EXPECT_EQ(auth_.rate_limited(), 2) << "croft_login_rate_limited_total"; });
  EXPECT_EQ(ask("GET", "/whoami", owner_).status, 200) << "good tokens are not held up";
}

// When one of these comes, this fails: write its cases then, and take its word from here.
TEST_F(Starving, A20A21A24A25WhatCroftDoesNotHaveYet) {
  for (const auto& [path, item] : contract_.at("paths").as_object()) {
    for (const char* word : {"hook", "oauth", "oidc", "saml", "callback", "invit", "reset",
                             "domain", "certificate", "registr", "/git"}) {
      EXPECT_EQ(std::string_view(path).find(word), std::string_view::npos)
          << path << ": tests/abuse has no case for it";
    }
  }
  for (const char* path : {"/webhooks/github", "/oauth/callback?state=x&code=y", "/invites/abc",
                           "/projects/den/services/pit/domains"}) {
    EXPECT_EQ(attack("POST", path, "{}").status, 404) << path;
  }
}

}  // namespace
}  // namespace croft
