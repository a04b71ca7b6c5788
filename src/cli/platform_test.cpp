// croft platform backup, croft platform restore: what croftd is called with, and what comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "cli/fake_server_test.h"

namespace croft::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kManifest =
    R"({"created_at":"2026-11-21T08:00:00.000Z","install_id":"abc123","rows":{"projects":2}})";

class PlatformCommand : public ::testing::Test {
 protected:
  PlatformCommand() {
    sandbox.io.env["CROFT_PROGRAMS"] = ".";
    sandbox.io.env["CROFT_HOME"] = "/srv/croft";
    sandbox.input = "a long enough passphrase\n";
  }
  // A croftd that writes down its words and its input, and answers this.
  void croftd(const std::string& answer, int exit) {
    sandbox.write("answer", answer);
    sandbox.write("croftd",
                  "#!/usr/bin/env python3\nimport json, sys\n"
                  "open('called', 'w').write(json.dumps(sys.argv[1:] + [sys.stdin.read()]))\n"
                  "print(open('answer').read(), file=sys.stderr if " +
                      std::to_string(exit) + " else sys.stdout)\nsys.exit(" + std::to_string(exit) +
                      ")\n");
    std::filesystem::permissions(sandbox.path("croftd"), std::filesystem::perms::owner_all);
  }
  std::string called() { return read_file(sandbox.path("called")).value_or("not called"); }

  Sandbox sandbox;
};

TEST_F(PlatformCommand, BackupNamesTheFileAndKeepsThePassphraseOffTheCommandLine) {
  croftd(kManifest, 0);
  const Ran run = sandbox.run({"platform", "backup", "--out", "b", "--passphrase-stdin"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, sandbox.path("b").string() + "\n");
  EXPECT_THAT(run.err, HasSubstr("2 projects"));
  EXPECT_EQ(called(), "[\"--home\", \"/srv/croft\", \"--backup\", \"" + sandbox.path("b").string() +
                          "\", \"a long enough passphrase\\n\"]");
}

TEST_F(PlatformCommand, UpgradeAndRollbackSayWhichReleaseRuns) {
  croftd(R"({"id":"1","done":true,"release":"2026-11-21T10-00-00Z","problem":"","restored":false})",
         0);
  const Ran up = sandbox.run({"platform", "upgrade", "next"});
  EXPECT_EQ(up.exit, 0) << up.err;
  EXPECT_THAT(up.err, HasSubstr("release 2026-11-21T10-00-00Z runs"));
  EXPECT_THAT(called(), HasSubstr("\"--upgrade\", \"" + sandbox.path("next").string()));
  croftd(R"({"id":"2","done":true,"release":"","problem":"","restored":false})", 0);
  const Ran back = sandbox.run({"platform", "rollback", "--restore-state"});
  EXPECT_THAT(back.err, HasSubstr("that croft was started with"));
  EXPECT_THAT(called(), HasSubstr("\"--upgrade-back\", \"--restore-state\""));
  croftd("croftd: the release does not work here: its programs ended 4 times", 1);
  const Ran failed = sandbox.run({"platform", "upgrade", "next"});
  EXPECT_EQ(failed.exit, 1);
  EXPECT_THAT(failed.err, HasSubstr("the release does not work here"));
}

TEST_F(PlatformCommand, WithoutATerminalThePassphraseMustBeGiven) {
  croftd(kManifest, 0);
  const Ran run = sandbox.run({"platform", "backup"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_THAT(run.err, HasSubstr("--passphrase-stdin"));
  EXPECT_EQ(called(), "not called");
  sandbox.io.env["CROFT_BACKUP_PASSPHRASE"] = "from the environment";
  EXPECT_EQ(sandbox.run({"platform", "backup"}).exit, 0);
  EXPECT_THAT(called(), HasSubstr("from the environment"));
}

TEST_F(PlatformCommand, RestorePassesConfirmAndSaysWhatToDoNext) {
  croftd(std::string(R"({"replaced":"old123","kept_under":"/srv/aside","manifest":)") + kManifest +
             "}",
         0);
  Ran run = sandbox.run({"platform", "restore", "b", "--passphrase-stdin"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(called(), Not(HasSubstr("--confirm")));
  EXPECT_THAT(run.err, HasSubstr("start croftd"));
  EXPECT_THAT(run.err, HasSubstr("/srv/aside"));
  sandbox.input += "a long enough passphrase\n";
  run = sandbox.run({"platform", "restore", "b", "--passphrase-stdin", "--confirm"});
  EXPECT_THAT(called(), HasSubstr("--confirm"));
}

TEST_F(PlatformCommand, ARefusalOfCroftdIsPassedOn) {
  croftd("croftd: /srv/croft/state holds an installation (abc123)", 5);
  const Ran run = sandbox.run({"platform", "restore", "b", "--passphrase-stdin"});
  EXPECT_EQ(run.exit, 5);
  EXPECT_THAT(run.err, HasSubstr("holds an installation (abc123)"));
}

TEST_F(PlatformCommand, LimitsAreShownAndChanged) {
  FakeServer server;
  sandbox.log_in(server);
  server.on("GET /platform/limits", R"({"containers":250,"builds":6})");
  server.on("PATCH /platform/limits", R"({"containers":5,"builds":6})");
  Ran run = sandbox.run({"platform", "limits"});
  EXPECT_EQ(run.out, "LIMIT       AT MOST\ncontainers  250\nbuilds      6\n");
  run = sandbox.run({"platform", "limits", "--set", "containers=5", "--json"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(server.last("PATCH /platform/limits").body, R"({"containers":5})");
  for (const char* bad : {"containers", "containers=", "containers=x", "containers=5x"}) {
    EXPECT_EQ(sandbox.run({"platform", "limits", "--set", bad}).exit, 2) << bad;
  }
}

TEST_F(PlatformCommand, WhereTheInstallationIsMustBeSaid) {
  sandbox.io.env.erase("CROFT_HOME");
  const Ran run = sandbox.run({"platform", "backup", "--passphrase-stdin"});
  EXPECT_EQ(run.exit, 2);
  EXPECT_THAT(run.err, HasSubstr("--home"));
}

}  // namespace
}  // namespace croft::cli
