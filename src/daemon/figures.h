// croftd's figures as values, and how they are written; pure, so that a test sees every line.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/api_handler.h"
#include "base/metrics.h"
#include "model/http_figures.h"
#include "model/process.h"
#include "reconcile/loop.h"

namespace croft {

// Deployments and rollbacks that have ended since croftd started.
class DeploymentFigures {
 public:
  void note_ended(const Process& process);
  void write(MetricsText& out) const;

 private:
  std::map<std::string, std::int64_t> by_result_;
  std::int64_t rollbacks_ = 0;
  std::map<std::string, Histogram> steps_;
};

struct ReconcilerFigures {
  std::string name;
  Loop::LastRun last;
};

struct CoreFigures {
  std::string project;  // name
  bool active = false;
  bool drift = false;  // its rules are not what they should be
  std::int64_t in_rotation = 0;
  std::int64_t out_of_rotation = 0;
  std::int64_t refused_packets = 0;  // of its instances, since its rules were made
  std::int64_t spoofed_packets = 0;
  std::int64_t connections = 0;
  std::int64_t rule_changes = 0;
  Millis rule_changes_took{0};
  std::int64_t failovers = 0;  // seen by croftd
};

struct PlatformFigures {
  std::string version;
  Millis now_steady{0};
  std::vector<ReconcilerFigures> reconcilers;
  std::map<std::string, Timestamp> agents_seen;  // by node
  std::uint64_t disk_free_bytes = 0;
  bool read_only = false;
  std::optional<Timestamp> last_backup;
  bool store_up = false;
  std::int64_t deployments_waiting = 0;
  std::vector<CoreFigures> cores;     // one for each project
  std::vector<HttpFigures> http;      // by project and service, each once for a node
  std::int64_t stopped_for_disk = 0;  // containers
  std::int64_t frozen_for_volume = 0;
  std::int64_t failed_logins = 0;
  std::int64_t limited_logins = 0;
  std::int64_t malformed_requests = 0;  // to the API, which its routes never saw
};

std::string metrics_text(const PlatformFigures& figures, const DeploymentFigures& deployments,
                         const ApiFigures& api);

}  // namespace croft
