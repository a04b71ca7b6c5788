#include "daemon/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace croft {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

PlatformFigures some() {
  PlatformFigures figures;
  figures.version = "0.1.0";
  figures.now_steady = Millis(20'000);
  figures.reconcilers = {
      {"services",
       {.took_total = Millis(1500), .succeeded_at = Millis(17'500), .runs = 12, .failures = 2}}};
  figures.agents_seen = {{"N1", {1'700'000'000'500}}};
  figures.disk_free_bytes = 5'000'000'000;
  figures.store_up = true;
  figures.deployments_waiting = 3;
  figures.cores = {{.project = "shop",
                    .active = true,
                    .in_rotation = 2,
                    .out_of_rotation = 1,
                    .refused_packets = 5,
                    .spoofed_packets = 3,
                    .connections = 44,
                    .rule_changes = 12,
                    .rule_changes_took = Millis(150),
                    .failovers = 2},
                   {.project = "blog", .drift = true}};
  figures.failed_logins = 7;
  figures.malformed_requests = 6;
  figures.stopped_for_disk = 8;
  // The same service on two nodes.
  const HttpFigures http{.project = "shop",
                         .service = "web",
                         .counts = {{"GET", "2xx", 3}},
                         .durations = {3},
                         .duration_sum_s = 0.01,
                         .response_bytes = 500};
  figures.http = {http, http};
  figures.frozen_for_volume = 9;
  return figures;
}

TEST(Figures, AreWrittenWithTheirLabels) {
  ApiFigures api;
  api.requests[{"GET", "2xx"}] = 5;
  api.seconds.observe(0.02);
  api.unauthenticated = 9;
  api.denied = 4;
  const std::string text = metrics_text(some(), {}, api);
  for (const char* line :
       {"croft_build_info{version=\"0.1.0\"} 1\n",
        "croft_reconcile_runs_total{reconciler=\"services\"} 12\n",
        "croft_reconcile_errors_total{reconciler=\"services\"} 2\n",
        "croft_reconcile_duration_seconds_total{reconciler=\"services\"} 1.5\n",
        "croft_reconcile_lag_seconds{reconciler=\"services\"} 2.5\n",
        "croft_agent_last_seen_timestamp_seconds{node=\"N1\"} 1700000000.5\n",
        "croft_disk_free_bytes 5000000000\n",
        "croft_read_only 0\n",
        "croft_store_up 1\n",
        "croft_deploy_queue_depth 3\n",
        "croft_api_requests_total{method=\"GET\",code_class=\"2xx\"} 5\n",
        "croft_api_request_duration_seconds_count 1\n",
        "croft_authn_failed_total 9\n",
        "croft_authz_denied_total 4\n",
        "croft_api_malformed_requests_total 6\n",
        "croft_containers_stopped_total{reason=\"disk\"} 8\n",
        "croft_http_requests_total{project=\"shop\",service=\"web\",method=\"GET\",code_class="
        "\"2xx\"} 6\n",
        "croft_http_request_duration_seconds_bucket{project=\"shop\",service=\"web\",le=\"0.005\"} "
        "6\n",
        "croft_http_request_duration_seconds_sum{project=\"shop\",service=\"web\"} 0.02\n",
        "croft_http_response_bytes_total{project=\"shop\",service=\"web\"} 1000\n",
        "croft_containers_stopped_total{reason=\"volume\"} 9\n",
        "croft_login_failures_total 7\n",
        "croft_lb_active{project=\"shop\"} 1\n",
        "croft_lb_active{project=\"blog\"} 0\n",
        "croft_lb_rules_drift{project=\"blog\"} 1\n",
        "croft_lb_instances{project=\"shop\",in_rotation=\"yes\"} 2\n",
        "croft_lb_instances{project=\"shop\",in_rotation=\"no\"} 1\n",
        "croft_lb_connections{project=\"shop\"} 44\n",
        "croft_lb_programs_total{project=\"shop\"} 12\n",
        "croft_lb_program_duration_seconds_total{project=\"shop\"} 0.15\n",
        "croft_lb_failovers_total{project=\"shop\"} 2\n",
        "croft_lb_refused_packets_total{project=\"shop\",reason=\"refused\"} 5\n",
        "croft_lb_refused_packets_total{project=\"shop\",reason=\"spoofed\"} 3\n",
        "croft_deployments_total{result=\"failed\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text,
              Not(HasSubstr("croft_backup_last")));  // never: no figure rather than a wrong one
}

TEST(Figures, DeploymentsAreCountedAndTimedByStep) {
  DeploymentFigures deployments;
  Process process;
  process.kind = "deploy";
  process.status = ProcessStatus::kFailed;
  process.steps = {{.name = "build",
                    .status = StepStatus::kFailed,
                    .started_at = Timestamp{1000},
                    .finished_at = Timestamp{8000}},
                   {.name = "start", .status = StepStatus::kPending}};
  deployments.note_ended(process);
  process.status = ProcessStatus::kFinished;
  deployments.note_ended(process);
  process.kind = "activate";
  process.steps.clear();
  deployments.note_ended(process);
  process.kind = "service.stop";
  deployments.note_ended(process);
  MetricsText out;
  deployments.write(out);
  EXPECT_THAT(out.text(), HasSubstr("croft_deployments_total{result=\"failed\"} 1\n"));
  EXPECT_THAT(out.text(), HasSubstr("croft_deployments_total{result=\"finished\"} 2\n"));
  EXPECT_THAT(out.text(), HasSubstr("croft_rollbacks_total 1\n"));
  EXPECT_THAT(out.text(), HasSubstr("_seconds_bucket{phase=\"build\",le=\"5\"} 0\n"));
  EXPECT_THAT(out.text(), HasSubstr("_seconds_bucket{phase=\"build\",le=\"10\"} 2\n"));
  EXPECT_THAT(out.text(), Not(HasSubstr("phase=\"start\"")));
}

// What is there is documented, and the other way round.
TEST(Figures, EveryNameIsInTheReference) {
  const std::string page = read_file(CROFT_SOURCE_DIR "/docs/metrics.md").value_or("");
  PlatformFigures figures = some();
  figures.last_backup = Timestamp{1};
  const std::string text = metrics_text(figures, {}, {});
  int families = 0;
  for (std::size_t at = text.find("# TYPE "); at != std::string::npos;
       at = text.find("# TYPE ", at + 1)) {
    std::string name = text.substr(at + 7, text.find(' ', at + 7) - at - 7);
    ++families;
    if (name.starts_with("croft_reconcile_") && name.ends_with("_total")) {
      name = name.substr(std::string("croft_reconcile").size());  // written as `_errors_total`
    }
    EXPECT_THAT(page, HasSubstr(name));
  }
  EXPECT_GT(families, 15);
}

}  // namespace
}  // namespace croft
