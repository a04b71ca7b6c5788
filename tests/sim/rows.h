// The rows of the store that matter to the invariants, read from outside of croft.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/instance_set.h"
#include "model/process.h"
#include "model/project.h"
#include "model/version.h"
#include "world.h"

namespace croft::sim {

struct VersionRow {
  VersionId id;
  ServiceId service_id;
  VersionStatus status = VersionStatus::kUploading;
};

struct ProcessRow {
  ProcessId id;
  std::int64_t number = 0;
  ProjectId project_id;
  ServiceId service_id;  // empty: of the project
  std::string kind;
  ProcessStatus status = ProcessStatus::kPending;
  std::string step;
  ProcessId parent_id;
  std::string version;  // of its parameters; empty: none

  // Processes with the same one wait for each other.
  const std::string& queue() const {
    return service_id.empty() ? project_id.str() : service_id.str();
  }
};

// Of Project, Service and InstanceSet only what somebody here looks at.
struct Rows {
  std::vector<Project> projects;
  std::vector<Service> services;
  std::vector<InstanceSet> sets;
  std::vector<VersionRow> versions;
  std::vector<ProcessRow> processes;  // not finished, oldest first
};

class RowReader {
 public:
  explicit RowReader(SimWorld& world) : world_(world) {}

  // As of the last commit. Reads again what may have changed since the last time: reading all of
  // it after every commit takes most of the time.
  const Rows& read();
  // nullopt: there is no such process any more.
  std::optional<ProcessStatus> status_of(const ProcessId& process);

 private:
  SimWorld& world_;
  Rows rows_;
};

}  // namespace croft::sim
