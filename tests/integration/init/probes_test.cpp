// Readiness, health and restart, with small servers as the service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "harness.h"

namespace croft::test {
namespace {

using testing::HasSubstr;

// Answers every request with the status in the file "status".
std::string http_server(std::uint16_t port) {
  return "exec python3 -c '\n"
         "import http.server\n"
         "class H(http.server.BaseHTTPRequestHandler):\n"
         "  def do_GET(self):\n"
         "    status = int(open(\"status\").read()) if self.path != \"/there\" else 200\n"
         "    self.send_response(status)\n"
         "    if status == 302: self.send_header(\"Location\", \"/there\")\n"
         "    self.end_headers()\n"
         "  def log_message(self, *a): pass\n"
         "http.server.HTTPServer((\"127.0.0.1\", " +
         std::to_string(port) + "), H).serve_forever()'";
}

void set_status(const InitRun& run, int status) {
  std::ofstream(run.dir() / "status.new") << status;
  std::filesystem::rename(run.dir() / "status.new", run.dir() / "status");
}

TEST(InitProbes, IsReadyWhenThePortAccepts) {
  InitRun run;
  const std::uint16_t port = InitRun::free_port();
  InitConfig config = config_for("sleep 0.5; " + http_server(port));
  config.workdir = run.dir();
  config.ports = {port};
  run.start(config);
  ASSERT_TRUE(run.reaches(InstanceState::kStarting));
  EXPECT_TRUE(run.reaches(InstanceState::kReady));
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(), 0);
}

TEST(InitProbes, ReadinessThatNeverComesFailsTheContainer) {
  InitRun run;
  const std::uint16_t port = InitRun::free_port();
  InitConfig config = config_for(http_server(port));
  config.workdir = run.dir();
  set_status(run, 503);
  config.readiness =
      ReadinessConfig{.probe = {.http_port = port, .path = "/ready"}, .failure_timeout_s = 2};
  run.start(config);
  EXPECT_EQ(run.wait(), 1);
  EXPECT_EQ(run.report().step, "readiness");
  EXPECT_THAT(run.report().reason, HasSubstr("not ready within 2 s"));
  EXPECT_THAT(run.report().reason, HasSubstr("answered 503"));
}

TEST(InitProbes, ReadinessFollowsARedirectToItself) {
  InitRun run;
  const std::uint16_t port = InitRun::free_port();
  InitConfig config = config_for(http_server(port));
  config.workdir = run.dir();
  set_status(run, 302);
  config.readiness = ReadinessConfig{.probe = {.http_port = port}, .failure_timeout_s = 10};
  run.start(config);
  EXPECT_TRUE(run.reaches(InstanceState::kReady));
}

TEST(InitProbes, ReadinessOverTls) {
  InitRun run;
  const std::uint16_t port = InitRun::free_port();
  const Ran made = test::run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                              "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=any",
                              "-keyout", run.dir() / "key", "-out", run.dir() / "cert"});
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  InitConfig config = config_for(
      "exec python3 -c '\n"
      "import http.server, ssl\n"
      "server = http.server.HTTPServer((\"127.0.0.1\", " +
      std::to_string(port) +
      "), http.server.SimpleHTTPRequestHandler)\n"
      "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
      "context.load_cert_chain(\"cert\", \"key\")\n"
      "server.socket = context.wrap_socket(server.socket, server_side=True)\n"
      "server.serve_forever()'");
  config.workdir = run.dir();
  config.readiness =
      ReadinessConfig{.probe = {.http_port = port, .scheme = "https"}, .failure_timeout_s = 10};
  run.start(config);
  EXPECT_TRUE(run.reaches(InstanceState::kReady)) << run.health().detail;
}

TEST(InitProbes, ReadinessByCommand) {
  InitRun run;
  InitConfig config = config_for("sleep 0.3; touch up; exec sleep 60");
  config.workdir = run.dir();
  config.readiness =
      ReadinessConfig{.probe = {.command = "echo not yet; test -e up"}, .failure_timeout_s = 10};
  run.start(config);
  EXPECT_TRUE(InitRun::eventually(
      [&] { return run.health().detail.find("not yet") != std::string::npos; }));
  EXPECT_TRUE(run.reaches(InstanceState::kReady));
  EXPECT_THAT(run.output(), testing::Not(HasSubstr("not yet")));
}

TEST(InitProbes, UnhealthyThenReadyAgain) {
  InitRun run;
  const std::uint16_t port = InitRun::free_port();
  InitConfig config = config_for(http_server(port));
  config.workdir = run.dir();
  config.ports = {port};
  set_status(run, 200);
  config.health = HealthConfig{.probe = {.http_port = port},
                               .disconnect_timeout_s = 1,
                               .failure_timeout_s = 60,
                               .recovery_timeout_s = 1,
                               .period_s = 1};
  run.start(config);
  ASSERT_TRUE(run.reaches(InstanceState::kReady));
  set_status(run, 500);
  ASSERT_TRUE(run.reaches(InstanceState::kUnhealthy));
  EXPECT_THAT(run.health().detail, HasSubstr("answered 500"));
  set_status(run, 200);
  EXPECT_TRUE(run.reaches(InstanceState::kReady));
}

TEST(InitProbes, FailingForLongRestartsTheProcesses) {
  InitRun run;
  InitConfig config = config_for("echo start >> starts; touch good; exec sleep 60");
  config.workdir = run.dir();
  config.readiness = ReadinessConfig{.probe = {.command = "test -e good"}};
  config.health = HealthConfig{.probe = {.command = "test -e good"},
                               .disconnect_timeout_s = 1,
                               .failure_timeout_s = 4,
                               .recovery_timeout_s = 1,
                               .period_s = 1};
  run.start(config);
  ASSERT_TRUE(run.reaches(InstanceState::kReady));
  std::filesystem::remove(run.dir() / "good");
  ASSERT_TRUE(run.reaches(InstanceState::kUnhealthy));
  ASSERT_TRUE(run.reaches(InstanceState::kReady));
  EXPECT_EQ(run.health().detail, "restarts: 1");
  EXPECT_EQ(std::filesystem::file_size(run.dir() / "starts"), 12U);
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(), 0);
}

}  // namespace
}  // namespace croft::test
