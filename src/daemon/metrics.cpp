#include "daemon/metrics.h"

#include <algorithm>

#include "daemon/last_backup.h"
#include "store/processes.h"
#include "store/projects.h"

namespace croft {
namespace {

constexpr Millis kCollectPeriod{15'000};
constexpr int kPage = 200;

CoreFigures figures_of(const Project& project, const CoreObserved* core) {
  CoreFigures figures{.project = project.name, .active = core != nullptr};
  figures.drift = core == nullptr || !core->error.empty();
  if (core == nullptr) return figures;
  figures.refused_packets = core->refused_packets;
  figures.spoofed_packets = core->spoofed_packets;
  figures.connections = core->connections;
  figures.rule_changes = core->rule_changes;
  figures.rule_changes_took = Millis(core->rule_changes_ms);
  for (const ObservedInstance& one : core->instances) {
    ++(one.in_rotation ? figures.in_rotation : figures.out_of_rotation);
  }
  return figures;
}

}  // namespace

DaemonMetrics::DaemonMetrics(Platform::Parts& parts, Store& store, Clock& clock,
                             std::filesystem::path state)
    : parts_(parts), store_(store), clock_(clock), state_(std::move(state)) {}

void DaemonMetrics::note_roles() {
  for (auto& [project, known] : active_) {
    const CoreObserved* core = parts_.world.active_core(project);
    if (core == nullptr || core->slot == known.slot) continue;
    known.changes += known.slot.empty() ? 0 : 1;
    known.slot = core->slot;
  }
}

Task<void> DaemonMetrics::collect() {
  note_roles();
  const auto ended = co_await store_.read([](const Tx& tx) {
    return list_processes(
        tx, Scope::platform(),
        {.statuses = {ProcessStatus::kFinished, ProcessStatus::kFailed, ProcessStatus::kCanceled}},
        {.limit = kPage});
  });
  if (!ended) co_return;  // the store's trouble shows as croft_store_up
  std::set<ProcessId> page;
  for (const Process& process : ended->items) {
    page.insert(process.id);
    if (collected_ && !counted_.contains(process.id)) deployments_.note_ended(process);
  }
  counted_ = std::move(page);
  collected_ = true;
}

Task<void> DaemonMetrics::collect_for_ever() {
  for (;;) {
    co_await collect();
    co_await sleep_for(kCollectPeriod);
  }
}

Task<std::string> DaemonMetrics::text() {
  co_await collect();
  PlatformFigures figures{.version = parts_.api->version, .now_steady = clock_.steady()};
  for (const Loop* loop : parts_.loops()) {
    figures.reconcilers.push_back({loop->name(), loop->last_run()});
  }
  for (const auto& [node, at] : parts_.hub.last_seen()) figures.agents_seen[node.str()] = at;
  for (const auto& [id, node] : parts_.world.nodes()) {
    figures.http.insert(figures.http.end(), node.http.begin(), node.http.end());
  }
  figures.disk_free_bytes = parts_.disk.free_bytes();
  figures.read_only = parts_.disk.read_only();
  figures.last_backup = last_backup(state_);
  figures.stopped_for_disk = parts_.stopped.stopped();
  figures.frozen_for_volume = parts_.stopped.frozen();
  figures.failed_logins = parts_.auth.failed_logins();
  figures.limited_logins = parts_.auth.rate_limited();
  figures.malformed_requests = parts_.api_server->refused();
  struct Read {
    std::vector<Project> projects;
    std::vector<Process> waiting;
  };
  const auto read = co_await store_.read([](const Tx& tx) -> Result<Read> {
    auto projects = all_projects(tx, Scope::platform());
    if (!projects) return fail(projects.error());
    auto waiting = list_processes(tx, Scope::platform(), {.statuses = {ProcessStatus::kPending}},
                                  {.limit = kPage});
    if (!waiting) return fail(waiting.error());
    return Read{std::move(*projects), std::move(waiting->items)};
  });
  figures.store_up = read.has_value();
  if (read) {
    std::erase_if(active_, [&read](const auto& one) {
      return std::none_of(read->projects.begin(), read->projects.end(),
                          [&one](const Project& project) { return project.id == one.first; });
    });
    for (const Process& one : read->waiting) figures.deployments_waiting += one.kind == "deploy";
    for (const Project& project : read->projects) {
      figures.cores.push_back(figures_of(project, parts_.world.active_core(project.id)));
      figures.cores.back().failovers = active_[project.id].changes;
    }
  }
  co_return metrics_text(figures, deployments_, parts_.api_frame->figures());
}

Task<void> DaemonMetrics::handle(HttpExchange& exchange) {
  if (exchange.method() != "GET" || exchange.path() != "/metrics") {
    co_await exchange.respond(404, {}, "GET /metrics\n");
    co_return;
  }
  std::string body = co_await text();
  co_await exchange.respond(200, {{"Content-Type", kMetricsContentType}}, std::move(body));
}

}  // namespace croft
