// croft audit
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/fake_server_test.h"

namespace croft::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AuditCommand : public ::testing::Test {
 protected:
  AuditCommand() {
    sandbox.log_in(server);
    server.on("GET /audit",
              R"({"items":[{"number":7,"at":"2026-11-21T08:00:00.000Z","actor":"ann",)"
              R"("action":"project.delete","object":"project shop","result":"denied",)"
              R"("reason":"the token may not \u001b[31mdo this","peer":"192.0.2.1",)"
              R"("request_id":"r1"}],"next":null})");
  }
  FakeServer server;
  Sandbox sandbox;
};

TEST_F(AuditCommand, ListsEntriesOfAllProjectsOrOfOne) {
  Ran run = sandbox.run({"audit"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("ann"));
  EXPECT_THAT(run.out, HasSubstr("project shop"));
  EXPECT_THAT(run.out, HasSubstr("the token may not"));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
  EXPECT_FALSE(server.last("GET /audit").query.contains("project"));
  run = sandbox.run({"audit", "--project", "shop", "--limit", "5", "--json"});
  EXPECT_EQ(server.last("GET /audit").query["project"], "shop");
  EXPECT_THAT(run.out, HasSubstr(R"("number":7)"));
  EXPECT_EQ(sandbox.run({"audit", "--limit", "0"}).exit, 2);
}

TEST_F(AuditCommand, VerifySaysIntactOrNamesTheEntryAndExits1) {
  server.on("GET /audit/verification",
            R"({"intact":true,"entries":12,"first":1,"last":12,"head_hash":"1:ab","broken":null,)"
            R"("reason":""})");
  Ran run = sandbox.run({"audit", "--verify"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("intact: 12 entries"));
  EXPECT_THAT(run.out, HasSubstr("1:ab"));
  server.on("GET /audit/verification",
            R"({"intact":false,"entries":3,"first":1,"last":12,"head_hash":"1:ab","broken":4,)"
            R"("reason":"entry 4 is missing"})");
  run = sandbox.run({"audit", "--verify"});
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.err, HasSubstr("entry 4 is missing"));
  run = sandbox.run({"audit", "--verify", "--json"});
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.out, HasSubstr(R"("broken":4)"));
}

}  // namespace
}  // namespace croft::cli
