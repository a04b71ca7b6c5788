// GET /audit: what is shown to whom, and the walk of the chain.
#include "api/api_fixture.h"

namespace croft {
namespace {

class ApiAudit : public ApiTest {};

TEST_F(ApiAudit, ShowsWhatWasDoneNewestFirstInPages) {
  const std::string shop = make_project("shop");
  make_project("blog");
  auto page = get("/audit?limit=1");
  ASSERT_EQ(page.at("items").as_array().size(), 1u);
  auto entry = page.at("items").at(0).as_object();
  expect_fits(entry, "AuditEntry");
  expect_fits(page, "AuditPage");
  EXPECT_EQ(entry.at("object").as_string(), "project blog");
  EXPECT_EQ(entry.at("actor").as_string(), "ann");
  EXPECT_EQ(entry.at("result").as_string(), "done");
  EXPECT_FALSE(entry.at("hash").as_string().empty());
  page = get("/audit?limit=1&cursor=" + std::string(page.at("next").as_string()));
  EXPECT_EQ(page.at("items").at(0).at("object").as_string(), "project shop");
  EXPECT_TRUE(page.at("next").is_null());
  page = get("/audit?project=shop");
  ASSERT_EQ(page.at("items").as_array().size(), 1u);
  EXPECT_EQ(page.at("items").at(0).at("project_id").as_string(), shop);
}

TEST_F(ApiAudit, OthersProjectsAndThePlatformsEntriesAreNotShown) {
  const std::string shop = make_project("shop");
  make_project("blog");
  const UserId ann = user("carol", UserRole::kOwner);
  const std::string of_shop = token_of(ann, {TokenScope::kRead}, *ProjectId::parse(shop));
  must(write([](Tx& tx) {
    return append_audit(tx, Scope::platform(), {.actor = "x", .action = "login"});
  }));
  const auto seen = [&](const std::string& target, const std::string& token) {
    const auto answer = call("GET", "/api/v1" + target, token);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return parse_json(answer.body)->at("items").as_array().size();
  };
  EXPECT_EQ(seen("/audit", owner_), 3u);
  EXPECT_EQ(seen("/audit", of_shop), 1u);
  EXPECT_EQ(seen("/audit", member_), 0u);
  EXPECT_EQ(call("GET", "/api/v1/audit?project=blog", of_shop).status, 404);
}

TEST_F(ApiAudit, TheVerdictNamesTheFirstBrokenEntry) {
  make_project("shop");
  make_project("blog");
  auto verdict = get("/audit/verification");
  expect_fits(verdict, "AuditVerdict");
  EXPECT_TRUE(verdict.at("intact").as_bool());
  EXPECT_EQ(verdict.at("entries").as_int64(), 2);
  must(write([](Tx& tx) -> Status {
    CROFT_TRY(tx.execute("DROP TRIGGER audit_is_append_only_1", {}));
    CROFT_TRY(tx.execute("UPDATE audit SET actor = 'eve' WHERE number = 1", {}));
    return {};
  }));
  verdict = get("/audit/verification");
  EXPECT_FALSE(verdict.at("intact").as_bool());
  EXPECT_EQ(verdict.at("broken").as_int64(), 1);
  EXPECT_EQ(call("GET", "/api/v1/audit/verification", member_).status, 403);
}

}  // namespace
}  // namespace croft
