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
  // What matters here of a version; reading all of it after every commit would take most of the
  // time.
  struct VersionRow {
    VersionId id;
    ServiceId service_id;
    std::string status;
  };
  struct Rows {
    std::vector<Project> projects;
    std::vector<Service> services;
    std::vector<InstanceSet> sets;
    std::vector<VersionRow> versions;
    std::vector<Process> processes;  // not finished
    std::set<std::string> version_ids;
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
  std::map<ProcessId, std::string> processes_;  // for the trace
};

}  // namespace croft::sim
