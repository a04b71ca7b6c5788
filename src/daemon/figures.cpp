#include "daemon/figures.h"

#include <algorithm>

namespace croft {
namespace {

using Kind = MetricsText::Kind;

double seconds(Millis time) {
  return static_cast<double>(time.count()) / 1000;
}
double seconds(Timestamp time) {
  return static_cast<double>(time.ms) / 1000;
}
double number(std::int64_t count) {
  return static_cast<double>(count);
}

void write_reconcilers(MetricsText& out, const PlatformFigures& figures) {
  const auto family = [&](std::string_view name, Kind kind, std::string_view help, auto value) {
    out.family(name, kind, help);
    for (const ReconcilerFigures& one : figures.reconcilers) {
      out.value({{"reconciler", one.name}}, value(one.last));
    }
  };
  using Run = const Loop::LastRun&;
  family("croft_reconcile_runs_total", Kind::kCounter, "Runs of a reconciler.",
         [](Run last) { return number(last.runs); });
  family("croft_reconcile_errors_total", Kind::kCounter, "Runs that failed.",
         [](Run last) { return number(last.failures); });
  family("croft_reconcile_duration_seconds_total", Kind::kCounter, "Time spent in runs.",
         [](Run last) { return seconds(last.took_total); });
  family("croft_reconcile_lag_seconds", Kind::kGauge, "Since the last run that succeeded.",
         [&](Run last) {
           return last.runs == 0 ? 0.0 : seconds(figures.now_steady - last.succeeded_at);
         });
}

void write_platform(MetricsText& out, const PlatformFigures& figures) {
  out.family("croft_agent_last_seen_timestamp_seconds", Kind::kGauge, "Last report of a node.");
  for (const auto& [node, at] : figures.agents_seen) out.value({{"node", node}}, seconds(at));
  out.single("croft_disk_free_bytes", Kind::kGauge, "Left for the state.",
             static_cast<double>(figures.disk_free_bytes));
  out.single("croft_read_only", Kind::kGauge, "1 while the disk is full.",
             figures.read_only ? 1 : 0);
  out.single("croft_store_up", Kind::kGauge, "Whether the store answers.",
             figures.store_up ? 1 : 0);
  if (figures.last_backup) {
    out.single("croft_backup_last_success_timestamp_seconds", Kind::kGauge,
               "When the state was last backed up.", seconds(*figures.last_backup));
  }
}

void write_api(MetricsText& out, const ApiFigures& api) {
  out.family("croft_api_requests_total", Kind::kCounter, "Requests to the API.");
  for (const auto& [key, count] : api.requests) {
    out.value({{"method", key.first}, {"code_class", key.second}}, number(count));
  }
  out.family("croft_api_request_duration_seconds", Kind::kHistogram, "Until the answer was ready.");
  out.value({}, api.seconds);
  out.single("croft_api_rate_limited_total", Kind::kCounter, "Requests that came too often.",
             number(api.rate_limited));
  out.single("croft_authn_failed_total", Kind::kCounter,
             "Requests without a token, password or set-up token that is good.",
             number(api.unauthenticated));
  out.single("croft_authz_denied_total", Kind::kCounter, "Requests that were not allowed.",
             number(api.denied));
}

void write_cores(MetricsText& out, const std::vector<CoreFigures>& cores) {
  out.family("croft_lb_active", Kind::kGauge, "1 while the project has an active balancer.");
  for (const CoreFigures& one : cores) out.value({{"project", one.project}}, one.active ? 1 : 0);
  out.family("croft_lb_rules_drift", Kind::kGauge,
             "1 while its rules are not what they should be.");
  for (const CoreFigures& one : cores) out.value({{"project", one.project}}, one.drift ? 1 : 0);
  out.family("croft_lb_instances", Kind::kGauge, "Instances that the balancer knows.");
  for (const CoreFigures& one : cores) {
    out.value({{"project", one.project}, {"in_rotation", "no"}}, number(one.out_of_rotation));
    out.value({{"project", one.project}, {"in_rotation", "yes"}}, number(one.in_rotation));
  }
  const auto family = [&](std::string_view name, Kind kind, std::string_view help, auto value) {
    out.family(name, kind, help);
    for (const CoreFigures& one : cores) out.value({{"project", one.project}}, value(one));
  };
  family("croft_lb_connections", Kind::kGauge, "Connections that the balancer follows.",
         [](const CoreFigures& one) { return number(one.connections); });
  family("croft_lb_programs_total", Kind::kCounter, "Changes of the balancer's rules.",
         [](const CoreFigures& one) { return number(one.rule_changes); });
  family("croft_lb_program_duration_seconds_total", Kind::kCounter, "Time these changes took.",
         [](const CoreFigures& one) { return seconds(one.rule_changes_took); });
  family("croft_lb_failovers_total", Kind::kCounter, "How often the other balancer took over.",
         [](const CoreFigures& one) { return number(one.failovers); });
  out.family("croft_lb_refused_packets_total", Kind::kCounter,
             "Packets of instances that the rules refused.");
  for (const CoreFigures& one : cores) {
    out.value({{"project", one.project}, {"reason", "refused"}}, number(one.refused_packets));
    out.value({{"project", one.project}, {"reason", "spoofed"}}, number(one.spoofed_packets));
  }
}

// Several nodes may have answered for one service.
std::vector<HttpFigures> added_up(const std::vector<HttpFigures>& all) {
  std::map<std::pair<std::string, std::string>, HttpFigures> sums;
  for (const HttpFigures& one : all) {
    const auto [found, is_new] = sums.try_emplace({one.project, one.service}, one);
    HttpFigures& sum = found->second;
    sum.durations.resize(kHttpDurationBounds.size() + 1);
    if (is_new) continue;
    for (std::size_t i = 0; i < std::min(sum.durations.size(), one.durations.size()); ++i) {
      sum.durations[i] += one.durations[i];
    }
    sum.duration_sum_s += one.duration_sum_s;
    sum.response_bytes += one.response_bytes;
    for (const HttpCount& count : one.counts) {
      const auto same = std::find_if(sum.counts.begin(), sum.counts.end(), [&](const auto& c) {
        return c.method == count.method && c.code_class == count.code_class;
      });
      if (same == sum.counts.end()) {
        sum.counts.push_back(count);
      } else {
        same->requests += count.requests;
      }
    }
  }
  std::vector<HttpFigures> list;
  for (auto& [key, sum] : sums) list.push_back(std::move(sum));
  return list;
}

void write_http(MetricsText& out, const std::vector<HttpFigures>& all) {
  const std::vector<HttpFigures> services = added_up(all);
  out.family("croft_http_requests_total", Kind::kCounter, "Requests that the edge has answered.");
  for (const HttpFigures& one : services) {
    for (const HttpCount& count : one.counts) {
      out.value({{"project", one.project},
                 {"service", one.service},
                 {"method", count.method},
                 {"code_class", count.code_class}},
                number(count.requests));
    }
  }
  out.family("croft_http_request_duration_seconds", Kind::kHistogram,
             "From a request's head to the end of its answer.");
  for (const HttpFigures& one : services) {
    const Histogram histogram({kHttpDurationBounds.begin(), kHttpDurationBounds.end()},
                              {one.durations.begin(), one.durations.end()}, one.duration_sum_s);
    out.value({{"project", one.project}, {"service", one.service}}, histogram);
  }
  out.family("croft_http_response_bytes_total", Kind::kCounter, "Bodies of those answers.");
  for (const HttpFigures& one : services) {
    out.value({{"project", one.project}, {"service", one.service}}, number(one.response_bytes));
  }
}

}  // namespace

void DeploymentFigures::note_ended(const Process& process) {
  if (process.kind != "deploy" && process.kind != "activate") return;
  ++by_result_[enum_to_string(process.status)];
  if (process.kind == "activate" && process.status == ProcessStatus::kFinished) ++rollbacks_;
  for (const ProcessStep& step : process.steps) {
    if (!step.started_at || !step.finished_at) continue;
    const auto at =
        steps_.try_emplace(step.name, Histogram{0.1, 0.5, 1, 5, 10, 30, 60, 300, 900}).first;
    at->second.observe(seconds(*step.finished_at - *step.started_at));
  }
}

void DeploymentFigures::write(MetricsText& out) const {
  out.family("croft_deployments_total", Kind::kCounter, "Deployments and rollbacks that ended.");
  for (const char* result : {"finished", "failed", "canceled"}) {
    const auto found = by_result_.find(result);
    out.value({{"result", result}}, found == by_result_.end() ? 0 : number(found->second));
  }
  out.single("croft_rollbacks_total", Kind::kCounter, "Older versions made active again.",
             number(rollbacks_));
  out.family("croft_deployment_duration_seconds", Kind::kHistogram, "Steps of deployments.");
  for (const auto& [step, histogram] : steps_) out.value({{"phase", step}}, histogram);
}

std::string metrics_text(const PlatformFigures& figures, const DeploymentFigures& deployments,
                         const ApiFigures& api) {
  MetricsText out;
  out.family("croft_build_info", Kind::kGauge, "The program that runs.");
  out.value({{"version", figures.version}}, 1);
  write_reconcilers(out, figures);
  write_platform(out, figures);
  deployments.write(out);
  out.single("croft_deploy_queue_depth", Kind::kGauge, "Deployments that wait.",
             number(figures.deployments_waiting));
  write_api(out, api);
  out.single("croft_api_malformed_requests_total", Kind::kCounter,
             "Requests that are not HTTP, or whose head was too large or too slow.",
             number(figures.malformed_requests));
  out.single("croft_login_failures_total", Kind::kCounter, "Wrong passwords.",
             number(figures.failed_logins));
  out.single("croft_login_rate_limited_total", Kind::kCounter, "Log-ins and set-ups held up.",
             number(figures.limited_logins));
  out.family("croft_containers_stopped_total", Kind::kCounter,
             "Containers of tenants that croft stopped, or froze for their volumes.");
  out.value({{"reason", "disk"}}, number(figures.stopped_for_disk));
  out.value({{"reason", "volume"}}, number(figures.frozen_for_volume));
  write_cores(out, figures.cores);
  write_http(out, figures.http);
  return out.text();
}

}  // namespace croft
