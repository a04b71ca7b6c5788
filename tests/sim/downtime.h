// Which services need not answer now: what their users asked for, what their versions say, and what
// befell their containers in this simulation. Any other service without an endpoint is an outage.
#pragma once

#include <map>
#include <set>

#include "rows.h"

namespace croft::sim {

class Downtime {
 public:
  Downtime(SimWorld& world, RowReader& reader) : world_(world), reader_(reader) {}

  // After every change of the store.
  void look(const Rows& rows);
  // Somebody wants it down, or its process takes the old containers away before new ones come or
  // is undone after it did, or a fault has hit one of its containers while a process replaces them.
  bool expected(const ServiceId& service) const;
  // A project whose deletion has begun.
  bool expected(const ProjectId& project) const { return deleted_.contains(project); }

 private:
  struct Running {
    ProcessRow row;
    bool of_deleted = false;  // its project was being deleted when it began, or while it ran
    bool stops_first = false;
  };
  void begin(const Rows& rows, const ProcessRow& process);
  void end(const Running& process);
  bool stops_first(const Rows& rows, const ProcessRow& process) const;

  SimWorld& world_;
  RowReader& reader_;
  std::map<ProcessId, Running> running_;
  std::set<ProjectId> deleted_;
  std::set<ServiceId> stopped_;   // until a process has brought it up again
  std::set<ServiceId> replaced_;  // now, old before new
  std::set<ServiceId> changed_;   // now, by whatever process
  std::map<ServiceId, Millis>
      undone_;  // when a process that had taken the old ones away ended in vain
};

}  // namespace croft::sim
