#include "downtime.h"

#include <algorithm>

namespace croft::sim {
namespace {

// How long after a container was hit its service may still lack it: the swarm's pause before a
// restart, start, and the slowest readiness of the workload.
constexpr Millis kRecovery{60'000};

// Ends with a set of its own that serves.
bool is_rollout(const ProcessRow& process) {
  return process.kind == "deploy" || process.kind == "activate" ||
         process.kind == "service.restart" || process.kind == "service.start" ||
         process.kind == "service.create";
}

const Service* find(const Rows& rows, const ServiceId& id) {
  const auto found = std::find_if(rows.services.begin(), rows.services.end(),
                                  [&](const Service& one) { return one.id == id; });
  return found == rows.services.end() ? nullptr : &*found;
}

}  // namespace

void Downtime::look(const Rows& rows) {
  replaced_.clear();
  changed_.clear();
  std::set<ProcessId> now;
  for (const ProcessRow& process : rows.processes) {
    if (process.status != ProcessStatus::kPending) now.insert(process.id);
  }
  // What has ended first: the next of its queue may have begun since.
  for (auto it = running_.begin(); it != running_.end();) {
    if (now.contains(it->first)) {
      ++it;
      continue;
    }
    end(it->second);
    it = running_.erase(it);
  }
  for (const ProcessRow& process : rows.processes) {
    if (process.status == ProcessStatus::kPending) continue;
    if (!running_.contains(process.id)) begin(rows, process);
    if (process.service_id.empty()) continue;
    changed_.insert(process.service_id);
    if (!stops_first(rows, process)) continue;
    replaced_.insert(process.service_id);
    running_[process.id].stops_first = true;
  }
}

void Downtime::begin(const Rows& rows, const ProcessRow& process) {
  if (process.kind == "service.stop" || process.kind == "service.delete") {
    stopped_.insert(process.service_id);
  }
  if (process.kind == "project.delete") {
    deleted_.insert(process.project_id);
    for (const Service& service : rows.services) {
      if (service.project_id == process.project_id) stopped_.insert(service.id);
    }
    for (auto& [id, other] : running_) {
      if (other.row.project_id == process.project_id) other.of_deleted = true;
    }
  }
  running_[process.id] = {.row = process, .of_deleted = deleted_.contains(process.project_id)};
}

void Downtime::end(const Running& process) {
  const auto status = reader_.status_of(process.row.id);
  const bool well = status == ProcessStatus::kFinished;
  // What a failed deletion has begun to take away goes all the same.
  if (process.row.kind == "project.delete" && !well) deleted_.erase(process.row.project_id);
  const bool of_deleted = process.of_deleted || deleted_.contains(process.row.project_id);
  // The version before it begins anew.
  if (process.stops_first && !well) undone_[process.row.service_id] = world_.now();
  if (is_rollout(process.row) && well && !of_deleted) stopped_.erase(process.row.service_id);
}

bool Downtime::stops_first(const Rows& rows, const ProcessRow& process) const {
  if (!is_rollout(process)) return false;
  const Service* service = find(rows, process.service_id);
  if (service == nullptr) return false;
  if (is_managed(service->category)) return true;  // one volume
  const std::string& version =
      process.version.empty() ? service->active_version_id.str() : process.version;
  const auto behaviour = world_.behaviours.find(version);
  return behaviour != world_.behaviours.end() && behaviour->second == Behaviour::kShutsDown;
}

bool Downtime::expected(const ServiceId& service) const {
  if (stopped_.contains(service) || replaced_.contains(service)) return true;
  const auto undone = undone_.find(service);
  if (undone != undone_.end() && world_.now() < undone->second + kRecovery) return true;
  const auto struck = world_.struck.find(service);
  return struck != world_.struck.end() && changed_.contains(service) &&
         world_.now() < struck->second + kRecovery;
}

}  // namespace croft::sim
