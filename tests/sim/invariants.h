// What must always hold, and what must hold once everything has come to rest.
#pragma once

#include <map>
#include <string>

#include "cores.h"

namespace croft::sim {

class Invariants {
 public:
  Invariants(SimWorld& world, RowReader& reader, Downtime& downtime, const Cores& cores)
      : world_(world), reader_(reader), downtime_(downtime), cores_(cores) {}

  // After every change of the store.
  void look();
  // The first thing that is not yet as it must be in the end; empty: all is well.
  std::string unfinished();

 private:
  void check_versions(const Rows& rows);
  void check_sets(const Rows& rows);
  void check_queues(const Rows& rows);
  std::string unfinished_rows(const Rows& rows);
  bool may_fail() const;
  std::string unfinished_service(const Rows& rows, const Service& service);
  std::string unfinished_idle(const Service& service, const std::vector<InstanceSet>& sets);
  std::string unfinished_engine(const Rows& rows);
  std::string unfinished_networks(const Rows& rows);
  std::string unfinished_cores(const Rows& rows);

  SimWorld& world_;
  RowReader& reader_;
  Downtime& downtime_;
  const Cores& cores_;
  std::map<ServiceId, VersionId> active_;  // as last seen
  struct Serving {
    InstanceSetId set;
    VersionId version;
  };
  std::map<ServiceId, Serving> serving_;       // as last seen
  std::map<ProcessId, ProcessRow> processes_;  // for the trace
};

}  // namespace croft::sim
