// Commands about projects, services, variables, versions, processes and the platform.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "cli/fake_server_test.h"

namespace croft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kShop =
    R"({"id":"J00000000000000000000s","name":"shop","status":"active","description":"",)"
    R"("service_count":2,"created_at":"2026-11-21T08:00:00.000Z","tags":[]})";

class ObjectsTest : public ::testing::Test {
 protected:
  ObjectsTest() {
    sandbox.log_in(server);
    sandbox.io.env["CROFT_PROJECT"] = "shop";
    server.on("GET /projects/shop", kShop);
    server.on("GET /projects/shop/services/api", service_json("api"));
    server.on("GET /projects/shop/services", R"({"items":[)" + service_json("api") + "," +
                                                 service_json("db") + R"(],"next":null})");
    server.on(std::string("GET /processes/") + kProcessId, process_json("finished"));
  }
  void accepts(const std::string& line) { server.on(line, process_json("pending"), 202); }

  FakeServer server;
  Sandbox sandbox;
};

TEST_F(ObjectsTest, ProjectCreateSendsWhatWasGiven) {
  server.on("POST /projects", kShop, 201);
  const Ran run = sandbox.run(
      {"project", "create", "shop", "--description", "web", "--tag", "a", "--tag", "b", "--json"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr(R"("name":"shop")"));
  const FakeRequest request = server.last("POST /projects");
  EXPECT_EQ(request.body, R"({"name":"shop","description":"web","tags":["a","b"]})");
  EXPECT_EQ(request.headers.find("Idempotency-Key").value_or("").size(), 22U);
}

TEST_F(ObjectsTest, NodesWithTheirState) {
  const std::string node = R"({"id":"N00000000000000000000n","name":"node1","zone":"","address":)"
                           R"("192.0.2.1","status":"ready","last_seen_at":null})";
  server.on("GET /nodes", R"({"items":[)" + node + R"(],"next":null})");
  const Ran list = sandbox.run({"node", "list"});
  EXPECT_EQ(list.exit, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("node1"));
  EXPECT_THAT(list.out, HasSubstr("ready"));
  EXPECT_THAT(list.out, HasSubstr("192.0.2.1"));
  server.on("GET /nodes/node1", node);
  EXPECT_THAT(sandbox.run({"node", "show", "node1"}).out, HasSubstr("N00000000000000000000n"));
  EXPECT_EQ(sandbox.run({"node", "show", "node1", "--json"}).out, node + "\n");
  EXPECT_EQ(sandbox.run({"node", "show", "other"}).exit, 4);
}

TEST_F(ObjectsTest, NodeLabelSendsWhatChanges) {
  const std::string node = R"({"id":"N1","name":"n1","zone":"b","address":"","status":"ready",)"
                           R"("labels":{"disk":"ssd"}})";
  server.on("PATCH /nodes/n1", node);
  const Ran run = sandbox.run({"node", "label", "n1", "disk=ssd", "rack-", "--zone", "b"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(server.last("PATCH /nodes/n1").body,
            R"({"zone":"b","labels":{"disk":"ssd"},"remove_labels":["rack"]})");
  EXPECT_EQ(sandbox.run({"node", "label", "n1"}).exit, 2);
  EXPECT_EQ(sandbox.run({"node", "label", "n1", "=x"}).exit, 2);
  EXPECT_EQ(sandbox.run({"node", "label", "n1", "-"}).exit, 2);
}

TEST_F(ObjectsTest, NodesAreDrainedActivatedAndRemoved) {
  const std::string node = R"({"id":"N1","name":"n1","zone":"","address":"","status":"drained"})";
  server.on("POST /nodes/n1/drain", node);
  server.on("POST /nodes/n1/activate", node);
  server.on("GET /nodes/n1", node);
  server.on("DELETE /nodes/N1", "", 204);
  EXPECT_EQ(sandbox.run({"node", "drain", "n1", "--json"}).out, node + "\n");
  EXPECT_EQ(sandbox.run({"node", "activate", "n1"}).exit, 0);
  EXPECT_EQ(sandbox.run({"node", "remove", "n1", "--no-input"}).exit, 2);
  EXPECT_EQ(sandbox.run({"node", "remove", "n1", "--confirm", "other"}).exit, 2);
  EXPECT_EQ(std::ranges::count(server.lines(), "DELETE /nodes/N1"), 0);
  const Ran removed = sandbox.run({"node", "remove", "n1", "--confirm", "n1"});
  EXPECT_EQ(removed.exit, 0) << removed.err;
  EXPECT_EQ(std::ranges::count(server.lines(), "DELETE /nodes/N1"), 1);
}

TEST_F(ObjectsTest, ProjectListFollowsPages) {
  server.on("GET /projects", [](const FakeRequest& request) {
    if (!request.query.contains("cursor")) {
      return FakeReply{200, R"({"items":[{"name":"one"}],"next":"c1"})"};
    }
    return FakeReply{200, R"({"items":[{"name":"two"}],"next":null})"};
  });
  const Ran run = sandbox.run({"project", "list", "--json"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out, "[{\"name\":\"one\"},{\"name\":\"two\"}]\n");
  EXPECT_EQ(server.last("GET /projects").query["cursor"], "c1");
}

TEST_F(ObjectsTest, ProjectListIsATable) {
  server.on("GET /projects", std::string(R"({"items":[)") + kShop + R"(],"next":null})");
  const Ran run = sandbox.run({"project", "list"});
  EXPECT_EQ(run.out,
            "NAME  STATUS  SERVICES  CREATED                   DESCRIPTION\n"
            "shop  active  2         2026-11-21T08:00:00.000Z\n");
}

TEST_F(ObjectsTest, ANameThatIsTakenIsExit5) {
  server.on("POST /projects", [](const FakeRequest&) {
    return problem(409, "conflict", "project shop: the name is taken");
  });
  EXPECT_EQ(sandbox.run({"project", "create", "shop"}).exit, 5);
}

TEST_F(ObjectsTest, DeleteAsksForTheName) {
  accepts("DELETE /projects/J00000000000000000000s");
  Ran run = sandbox.run({"project", "delete", "shop"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_THAT(run.err, HasSubstr("--confirm shop"));
  EXPECT_EQ(sandbox.run({"project", "delete", "shop", "--confirm", "shap"}).exit, 2);
  sandbox.io.in_is_terminal = true;
  sandbox.input = "yes\n";
  EXPECT_EQ(sandbox.run({"project", "delete", "shop"}).exit, 1);
  EXPECT_THAT(server.lines(), Not(::testing::Contains(HasSubstr("DELETE"))));
  sandbox.input = "shop\n";
  run = sandbox.run({"project", "delete", "shop"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(server.lines(), ::testing::Contains("DELETE /projects/J00000000000000000000s"));
  EXPECT_EQ(sandbox.run({"project", "delete", "shop", "--confirm", "shop"}).exit, 0);
}

TEST_F(ObjectsTest, WithoutAProjectTheChoiceIsNamed) {
  sandbox.io.env.erase("CROFT_PROJECT");
  server.on("GET /projects", R"({"items":[{"name":"a"},{"name":"b"}],"next":null})");
  const Ran run = sandbox.run({"service", "list"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_THAT(run.err, HasSubstr("croft context use PROJECT"));
}

TEST_F(ObjectsTest, TheOnlyProjectNeedsNoChoice) {
  sandbox.io.env.erase("CROFT_PROJECT");
  server.on("GET /projects", R"({"items":[{"name":"shop"}],"next":null})");
  EXPECT_EQ(sandbox.run({"service", "list"}).exit, 0);
}

TEST_F(ObjectsTest, AnUnknownServiceIsAnsweredWithTheNearest) {
  const Ran run = sandbox.run({"service", "show", "apii"});
  EXPECT_EQ(run.exit, 4);
  EXPECT_THAT(run.err, HasSubstr("did you mean shop/api?"));
}

TEST_F(ObjectsTest, ServiceTypesAreATable) {
  server.on("GET /service-types",
            R"({"items":[{"name":"nodejs","description":"JavaScript","versions":)"
            R"([{"version":"24"},{"version":"22"}]}],"next":null})");
  EXPECT_EQ(sandbox.run({"service", "types"}).out,
            "TYPE    VERSIONS  WHAT IT IS\nnodejs  24, 22    JavaScript\n");
  EXPECT_THAT(sandbox.run({"service", "types", "--json"}).out, HasSubstr(R"("name":"nodejs")"));
}

TEST_F(ObjectsTest, ServiceCreateWaitsAndPrintsTheService) {
  server.on("POST /projects/shop/services",
            R"({"service":)" + service_json("api") + R"(,"process":)" + process_json("running") +
                R"(,"warnings":[{"pointer":"/type","message":"took nodejs@22"}]})",
            202);
  const Ran run = sandbox.run({"service", "create", "api", "--type", "nodejs", "--containers", "2",
                               "-e", "A=1", "--secret", "K=v", "--json"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr(R"("hostname":"api")"));
  EXPECT_THAT(run.err, HasSubstr("took nodejs@22"));
  EXPECT_EQ(server.last("POST /projects/shop/services").body,
            R"({"hostname":"api","type":"nodejs","min_containers":2,"max_containers":2,)"
            R"("variables":{"A":"1"},"secrets":{"K":"v"}})");
}

TEST_F(ObjectsTest, StateCommandsPostAndWait) {
  for (const std::string verb : {"start", "stop", "restart"}) {
    accepts("POST /projects/shop/services/api/" + verb);
    EXPECT_EQ(sandbox.run({"service", verb, "shop/api"}).exit, 0) << verb;
  }
  accepts("POST /projects/shop/services/api/scale");
  EXPECT_EQ(sandbox.run({"service", "scale", "api", "3"}).exit, 0);
  EXPECT_EQ(server.last("POST /projects/shop/services/api/scale").body, R"({"containers":3})");
  EXPECT_EQ(sandbox.run({"service", "scale", "api", "11"}).exit, 2);
}

TEST_F(ObjectsTest, DetachPrintsTheProcess) {
  accepts("POST /projects/shop/services/api/restart");
  const Ran run = sandbox.run({"service", "restart", "api", "--detach"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out, std::string(kProcessId) + "\n");
}

TEST_F(ObjectsTest, AFailedProcessIsTold) {
  accepts("POST /projects/shop/services/api/restart");
  server.on(std::string("GET /processes/") + kProcessId,
            R"({"id":"P000000000000000000001","kind":"service.restart","status":"failed",)"
            R"("step":"ready","project":"shop","service":"api","error":{"code":"failed",)"
            R"("message":"GET / answered 503","step":"ready","last_lines":["boom\u001b[2J"]}})");
  const Ran run = sandbox.run({"service", "restart", "api"});
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.err, HasSubstr("failed in step ready: GET / answered 503"));
  EXPECT_THAT(run.err, HasSubstr("| boom^[[2J"));
}

TEST_F(ObjectsTest, EnvSetSendsValuesByteForByte) {
  server.on("PUT /projects/shop/services/api/variables",
            R"({"changed":["A"],"removed":[],"restart_needed":["api"]})");
  sandbox.input = "two\nlines $HOME \"x\"\n";
  const Ran run = sandbox.run({"service", "env", "set", "api", "A=x=y z", "B=-", "--secret"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("croft service restart api"));
  const auto body =
      boost::json::parse(server.last("PUT /projects/shop/services/api/variables").body);
  EXPECT_EQ(body.at("variables").at(0).at("value").as_string(), "x=y z");
  EXPECT_EQ(body.at("variables").at(1).at("value").as_string(), "two\nlines $HOME \"x\"");
  EXPECT_TRUE(body.at("variables").at(1).at("secret").as_bool());
  EXPECT_EQ(sandbox.run({"service", "env", "set", "api", "1A=x"}).exit, 2);
}

TEST_F(ObjectsTest, EnvImportReadsDotenv) {
  server.on("PUT /projects/shop/variables",
            R"({"changed":["A","B"],"removed":[],"restart_needed":[]})");
  sandbox.write(".env", "# c\nexport A=1\nB='two words'\n");
  EXPECT_EQ(sandbox.run({"project", "env", "import", ".env", "--replace"}).exit, 0);
  EXPECT_EQ(server.last("PUT /projects/shop/variables").body,
            R"({"variables":[{"key":"A","value":"1","secret":false},)"
            R"({"key":"B","value":"two words","secret":false}],"replace":true})");
  sandbox.write(".env", "not a line\n");
  EXPECT_EQ(sandbox.run({"project", "env", "import", ".env"}).exit, 1);
}

TEST_F(ObjectsTest, EnvListHidesSecrets) {
  server.on("GET /projects/shop/variables", [](const FakeRequest& request) {
    const bool reveal = request.query.contains("reveal");
    return FakeReply{200, std::string(R"({"items":[{"key":"K","value":)") +
                              (reveal ? R"("v")" : "null") + R"(,"kind":"secret"}],"next":null})"};
  });
  EXPECT_THAT(sandbox.run({"project", "env"}).out, HasSubstr("hidden"));
  EXPECT_EQ(sandbox.run({"project", "env", "list", "--reveal"}).out,
            "KEY  VALUE  KIND\nK    v      secret\n");
}

TEST_F(ObjectsTest, EnvUnsetRemovesEach) {
  for (const std::string key : {"A", "B"}) {
    server.on("DELETE /projects/shop/variables/" + key,
              R"({"changed":[],"removed":[")" + key + R"("]})");
  }
  EXPECT_EQ(sandbox.run({"project", "env", "unset", "A", "B"}).exit, 0);
  EXPECT_EQ(server.lines().back(), "DELETE /projects/shop/variables/B");
}

TEST_F(ObjectsTest, ReleasesAndRollback) {
  server.on("GET /projects/shop/services/api/versions",
            R"({"items":[{"number":3,"status":"active","setup":"api","name":"","created_by":"ann",)"
            R"("created_at":"2026-11-21T08:00:00.000Z"}],"next":null})");
  EXPECT_THAT(sandbox.run({"releases", "api"}).out, HasSubstr("*  3        -     active"));
  accepts("POST /projects/shop/services/api/rollback");
  const Ran run = sandbox.run({"rollback", "api", "2"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, "http://api-shop.localhost\n");
  EXPECT_EQ(server.last("POST /projects/shop/services/api/rollback").body, R"({"version":"2"})");
  server.on(std::string("GET /processes/") + kProcessId, process_json("failed"));
  EXPECT_EQ(sandbox.run({"rollback", "api"}).exit, 6);
}

TEST_F(ObjectsTest, ProcessWaitTimesOut) {
  server.on(std::string("GET /processes/") + kProcessId, process_json("running"));
  const Ran run = sandbox.run({"process", "wait", kProcessId, "--timeout", "10ms"});
  EXPECT_EQ(run.exit, 7);
  EXPECT_THAT(run.err, HasSubstr("step build"));
  EXPECT_EQ(sandbox.run({"process", "wait", kProcessId, "--timeout", "soon"}).exit, 2);
}

TEST_F(ObjectsTest, ProcessCancelListAndShow) {
  accepts(std::string("POST /processes/") + kProcessId + "/cancel");
  EXPECT_EQ(sandbox.run({"process", "cancel", kProcessId}).exit, 0);
  server.on("GET /processes", R"({"items":[)" + process_json("running") + R"(],"next":null})");
  EXPECT_THAT(sandbox.run({"process", "list"}).out, HasSubstr("shop/api"));
  EXPECT_EQ(server.last("GET /processes").query["project"], "shop");
  EXPECT_THAT(sandbox.run({"process", "show", kProcessId}).out, HasSubstr("finished (40 %)"));
}

TEST_F(ObjectsTest, PsStatusAndOpen) {
  server.on("GET /projects/shop/instances",
            R"({"items":[{"service":"api","name":"api-1","version":3,"state":"ready",)"
            R"("in_rotation":true,"node":"n1","detail":"","started_at":null}],"next":null})");
  EXPECT_THAT(sandbox.run({"ps"}).out, HasSubstr("api      api-1     3        ready  yes"));
  server.on("GET /status",
            R"({"status":"down","version":"0.1.0","components":[)"
            R"({"name":"engine","status":"down","detail":"no answer","fix":"start it"}]})");
  const Ran status = sandbox.run({"status"});
  EXPECT_EQ(status.exit, 1);
  EXPECT_THAT(status.out, HasSubstr("start it"));
  EXPECT_EQ(sandbox.run({"open", "api"}).out, "http://api-shop.localhost\n");
}

TEST_F(ObjectsTest, OpenOfAServiceWithoutAnAddressIsExit4) {
  server.on("GET /projects/shop/services/db", R"({"hostname":"db","urls":[]})");
  EXPECT_EQ(sandbox.run({"open", "db"}).exit, 4);
}

TEST_F(ObjectsTest, ImportAndExport) {
  sandbox.write("shop.yml", "project:\n  name: shop\n");
  server.on("POST /import",
            std::string(R"({"project":)") + kShop + R"(,"services":[],"process":)" +
                process_json("pending") + R"(,"warnings":[]})",
            202);
  EXPECT_EQ(sandbox.run({"project", "import", "shop.yml", "--nearest-versions"}).out, "shop\n");
  const FakeRequest request = server.last("POST /import");
  EXPECT_EQ(request.query.at("nearest_versions"), "true");
  // CROFT_PROJECT does not turn the import of a project into one of services.
  EXPECT_THAT(request.body, Not(HasSubstr(R"("project":"shop")")));
  server.on(std::string("GET /processes/") + kProcessId + "/log", "");
  EXPECT_EQ(sandbox.run({"project", "import", "shop.yml", "--wait"}).exit, 0);
  server.on("GET /projects/shop/export", [](const FakeRequest&) {
    return FakeReply{200, "project:\n  name: shop\n", {{"Content-Type", "text/yaml"}}};
  });
  EXPECT_EQ(sandbox.run({"project", "export"}).out, "project:\n  name: shop\n");
}

TEST_F(ObjectsTest, DoctorGivesEachFailureAFix) {
  server.on("GET /whoami", R"({"user":{"name":"ann"}})");
  server.on("GET /doctor", R"({"ok":false,"checks":[{"name":"disk","status":"fail",)"
                           R"("message":"1 GiB free","fix":"free some space"}]})");
  const Ran run = sandbox.run({"doctor"});
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.out, HasSubstr("fail disk: 1 GiB free\n     → free some space\n"));
  EXPECT_THAT(run.out, HasSubstr("pass server"));
}

TEST_F(ObjectsTest, ColoursOnlyWhereTheyBelong) {
  EXPECT_THAT(sandbox.run({"service", "list"}).out, Not(HasSubstr("\x1b")));
  sandbox.io.env["CLICOLOR_FORCE"] = "1";
  EXPECT_THAT(sandbox.run({"service", "list"}).out, HasSubstr("\x1b[32mactive"));
  EXPECT_THAT(sandbox.run({"service", "list", "--no-color"}).out, Not(HasSubstr("\x1b")));
  sandbox.io.env["NO_COLOR"] = "1";
  EXPECT_THAT(sandbox.run({"service", "list"}).out, Not(HasSubstr("\x1b")));
  sandbox.io.env.erase("NO_COLOR");
  sandbox.io.env.erase("CLICOLOR_FORCE");
  sandbox.io.out_is_terminal = true;
  EXPECT_THAT(sandbox.run({"service", "list"}).out, HasSubstr("\x1b"));
  sandbox.io.env["TERM"] = "dumb";
  EXPECT_THAT(sandbox.run({"service", "list"}).out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace croft::cli
