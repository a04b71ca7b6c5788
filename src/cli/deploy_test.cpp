#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "cli/fake_server_test.h"

namespace croft::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kConfig =
    "croft:\n"
    "  - setup: api\n"
    "    build:\n"
    "      base: nodejs@22\n"
    "      deployFiles: ./\n"
    "    run:\n"
    "      base: nodejs@22\n"
    "      start: node server.js\n";

std::string log_line(int id, const std::string& step, const std::string& line) {
  return boost::json::serialize(boost::json::object{{"id", std::to_string(id)},
                                                    {"ts", "2026-11-21T08:00:00Z"},
                                                    {"stream", "build"},
                                                    {"step", step},
                                                    {"line", line}}) +
         "\n";
}

// The names in a tar.zst.
std::set<std::string> names_in(const std::string& bytes) {
  std::set<std::string> names;
  archive* reader = archive_read_new();
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_tar(reader);
  EXPECT_EQ(archive_read_open_memory(reader, bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    names.insert(archive_entry_pathname(entry));
  }
  archive_read_free(reader);
  return names;
}

class DeployTest : public ::testing::Test {
 protected:
  DeployTest() {
    sandbox.log_in(server);
    sandbox.write("code/croft.yml", kConfig);
    sandbox.write("code/server.js", "// hello\n");
    server.on("GET " + kService, service_json("api"));
    server.on("POST " + kService + "/versions",
              std::string(R"({"version":{"id":")") + kVersionId +
                  R"(","number":4},"max_upload_bytes":1000000,"warnings":[]})",
              201);
    server.on("PUT " + kService + "/versions/" + kVersionId + "/source", "{}");
    server.on("POST " + kService + "/versions/" + kVersionId + "/deploy", process_json("pending"),
              202);
    server.on(kLog, log_line(1, "build", "npm ci") + log_line(2, "ready", "GET / answered 200"));
    server.on(kProcess, finished());
  }
  static std::string finished() {
    return process_json("finished",
                        std::string(R"(,"result":{"version":")") + kVersionId +
                            R"(","version_number":4,"url":"http://api-shop.localhost"},)" +
                            R"("created_at":"2026-11-21T08:00:00.000Z",)" +
                            R"("finished_at":"2026-11-21T08:00:12.300Z")");
  }
  Ran deploy(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"deploy", "shop/api", "code"};
    words.insert(words.end(), more.begin(), more.end());
    return sandbox.run(words);
  }

  const std::string kService = "/projects/shop/services/api";
  const std::string kProcess = std::string("GET /processes/") + kProcessId;
  const std::string kLog = kProcess + "/log";
  FakeServer server;
  Sandbox sandbox;
};

TEST_F(DeployTest, UploadsBuildsAndPrintsTheAddress) {
  const Ran run = deploy({"--name", "v1.2"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, "http://api-shop.localhost\n");
  EXPECT_THAT(run.err, HasSubstr("shop/api: version 4 from 2 files"));
  EXPECT_THAT(run.err, HasSubstr("==> build\n    npm ci\n==> ready\n    GET / answered 200\n"));
  EXPECT_THAT(run.err, HasSubstr("version 4 is live after 12.3 s"));
  EXPECT_THAT(
      server.lines(),
      ElementsAre("GET " + kService, "POST " + kService + "/versions",
                  "PUT " + kService + "/versions/" + kVersionId + "/source",
                  "POST " + kService + "/versions/" + kVersionId + "/deploy", kLog, kProcess));
  const auto body = boost::json::parse(server.last("POST " + kService + "/versions").body);
  EXPECT_EQ(body.at("config").as_string(), kConfig);
  EXPECT_EQ(body.at("config_file").as_string(), "croft.yml");
  EXPECT_EQ(body.at("setup").as_string(), "api");
  EXPECT_EQ(body.at("name").as_string(), "v1.2");
  const FakeRequest upload = server.last("PUT " + kService + "/versions/" + kVersionId + "/source");
  EXPECT_EQ(upload.headers.find("Content-Type").value_or(""), "application/zstd");
  EXPECT_THAT(names_in(upload.body), ElementsAre("croft.yml", "server.js"));
}

TEST_F(DeployTest, TheLastJsonLineIsTheProcess) {
  const Ran run = deploy({"--json"});
  EXPECT_EQ(run.exit, 0) << run.err;
  const auto last = run.out.rfind('\n', run.out.size() - 2);
  const auto json = boost::json::parse(run.out.substr(last + 1));
  EXPECT_EQ(json.at("status").as_string(), "finished");
  EXPECT_EQ(json.at("version").as_string(), kVersionId);
  EXPECT_EQ(json.at("url").as_string(), "http://api-shop.localhost");
  EXPECT_THAT(run.out, HasSubstr(R"("line":"npm ci")"));
}

TEST_F(DeployTest, AFailureNamesStepCodeLinesAndWhatServes) {
  const std::string failed = process_json(
      "failed", R"(,"error":{"code":"deploy-failed","message":"`npm run build` failed",)"
                R"("step":"build","exit_code":2,"last_lines":["sh: vite: not found"]})");
  // The second "error" member wins over process_json's null.
  server.on(kProcess, failed.substr(0, failed.find(R"("error":null,)")) +
                          failed.substr(failed.find(R"("error":null,)") + 13));
  Ran run = deploy();
  EXPECT_EQ(run.exit, 6);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("failed in step build: `npm run build` failed (exit code 2)"));
  EXPECT_THAT(run.err, HasSubstr("| sh: vite: not found"));
  EXPECT_THAT(run.err, HasSubstr("the old version (3) serves on"));
  run = deploy({"--json"});
  EXPECT_EQ(run.exit, 6);
  const auto last = run.out.rfind('\n', run.out.size() - 2);
  EXPECT_EQ(boost::json::parse(run.out.substr(last + 1)).at("status").as_string(), "failed");
}

TEST_F(DeployTest, ABrokenLogIsTakenUpBehindTheLastLine) {
  server.on_sequence(
      kLog, {{200, log_line(1, "build", "one"), {}, true}, {200, log_line(2, "build", "two")}});
  server.on_sequence(kProcess, {{200, process_json("running")}, {200, finished()}});
  const Ran run = deploy();
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("    one\n"));
  EXPECT_THAT(run.err, HasSubstr("    two\n"));
  std::vector<std::string> after;
  for (const FakeRequest& request : server.requests()) {
    if (request.line() != kLog) continue;
    const auto found = request.query.find("after");
    after.push_back(found == request.query.end() ? "" : found->second);
  }
  ASSERT_GE(after.size(), 2U);
  EXPECT_EQ(after[0], "");
  EXPECT_EQ(after[1], "1");
}

TEST_F(DeployTest, DetachPrintsTheProcess) {
  const Ran run = deploy({"--detach"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_EQ(run.out, std::string(kProcessId) + "\n");
  EXPECT_THAT(server.lines(), Not(Contains(kLog)));
}

TEST_F(DeployTest, AMistakeInTheFileIsSaidBeforeAnythingIsSent) {
  sandbox.write("code/croft.yml", "croft:\n  - setup: api\n    biuld: {}\n");
  const Ran run = deploy();
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.err, HasSubstr("croft.yml:3:5"));
  EXPECT_THAT(run.err, HasSubstr("build"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(DeployTest, WithoutAFileInitIsNamed) {
  std::filesystem::remove(sandbox.path("code/croft.yml"));
  const Ran run = deploy();
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.err, HasSubstr("croft init"));
  EXPECT_EQ(sandbox.run({"deploy", "shop/api", "nowhere"}).exit, 1);
}

TEST_F(DeployTest, TheSetupIsChosenByNameOrOption) {
  server.on("GET /projects/shop/services/web", service_json("web"));
  Ran run = sandbox.run({"deploy", "shop/web", "code"});
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.err, HasSubstr("no setup 'web'"));
  EXPECT_THAT(run.err, HasSubstr("--setup api"));
  EXPECT_EQ(deploy({"--setup", "api"}).exit, 0);
}

TEST_F(DeployTest, ADatabaseCannotBeDeployedTo) {
  server.on("GET " + kService,
            R"({"hostname":"api","type":"postgresql@17","category":"database"})");
  const Ran run = deploy();
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.err, HasSubstr("nothing can be deployed to it"));
}

TEST_F(DeployTest, ARefusedUploadEndsIt) {
  server.on("PUT " + kService + "/versions/" + kVersionId + "/source", [](const FakeRequest&) {
    return problem(413, "too-large", "the source is larger than 1 MB");
  });
  const Ran run = deploy();
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.err, HasSubstr("larger than 1 MB"));
  EXPECT_THAT(server.lines(), Not(Contains(HasSubstr("/deploy"))));
}

TEST_F(DeployTest, PlanShowsChangesOnly) {
  sandbox.io.env["CROFT_PROJECT"] = "shop";
  server.on("GET /projects/shop/services",
            R"({"items":[)" + service_json("api") + R"(],"next":null})");
  server.on("POST " + kService + "/versions",
            R"({"changes":true,"actions":[{"action":"redeploy","object":"service",)"
            R"("name":"shop/api","detail":"start changes"},{"action":"none","object":"variable",)"
            R"("name":"shop/api:A","detail":""}],"warnings":[]})");
  Ran run = sandbox.run({"config", "plan", "code"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, "redeploy service shop/api: start changes\n");
  EXPECT_EQ(server.last("POST " + kService + "/versions").query.at("dry_run"), "true");
  EXPECT_EQ(sandbox.run({"config", "plan", "code", "--exit-code"}).exit, 1);
  EXPECT_EQ(sandbox.run({"config", "plan", "code/croft.yml"}).out, run.out);
}

}  // namespace
}  // namespace croft::cli
