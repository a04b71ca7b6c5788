// What must always hold, and what must hold once everything has come to rest.
#pragma once

#include <map>
#include <string>

#include "cores.h"
#include "model/instance_set.h"
#include "model/process.h"
#include "model/project.h"
#include "model/version.h"

namespace croft::sim {

class Invariants {
 public:
  Invariants(SimWorld& world, const Cores& cores) : world_(world), cores_(cores) {}

  // After every change of the store.
  void look();
  // The first thing that is not yet as it must be in the end; empty: all is well.
  std::string unfinished();

 private:
  // What matters here of the rows: reading all of them after every commit takes most of the time.
  // Of Project, Service and InstanceSet read() sets what it needs only.
  struct VersionRow {
    VersionId id;
    ServiceId service_id;
    VersionStatus status = VersionStatus::kUploading;
  };
  struct ProcessRow {
    ProcessId id;
    std::int64_t number = 0;
    std::string queue;  // id of the service, or of the project
    std::string kind;
    ProcessStatus status = ProcessStatus::kPending;
    std::string step;
    ProcessId parent_id;
  };
  struct Rows {
    std::vector<Project> projects;
    std::vector<Service> services;
    std::vector<InstanceSet> sets;
    std::vector<VersionRow> versions;
    std::vector<ProcessRow> processes;  // not finished, oldest first
  };
  Rows read();
  void check_versions(const Rows& rows);
  void check_sets(const Rows& rows);
  void check_queues(const Rows& rows);
  std::string unfinished_rows(const Rows& rows);
  std::string unfinished_service(const Rows& rows, const Service& service);
  std::string unfinished_engine(const Rows& rows);
  std::string unfinished_networks(const Rows& rows);

  SimWorld& world_;
  const Cores& cores_;
  std::map<ServiceId, VersionId> active_;       // as last seen
  std::map<ServiceId, InstanceSetId> serving_;  // as last seen
  std::map<ProcessId, ProcessRow> processes_;   // for the trace
};

}  // namespace croft::sim
