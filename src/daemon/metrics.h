// croftd's figures, gathered when asked: GET /metrics on run/metrics.sock (root only), in
// Prometheus' text format. docs/metrics.md lists them, and those of the edge.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "daemon/figures.h"
#include "daemon/parts.h"
#include "net/http_exchange.h"

namespace croft {

class DaemonMetrics final : public HttpHandler {
 public:
  // `parts` outlives it.
  DaemonMetrics(Platform::Parts& parts, Store& store, Clock& clock, std::filesystem::path state);

  // Counts the processes that have ended, every 15 s, so that none slips by between two questions.
  Task<void> collect_for_ever();

  Task<void> handle(HttpExchange& exchange) override;

 private:
  Task<void> collect();
  void note_roles();
  Task<std::string> text();

  Platform::Parts& parts_;
  Store& store_;
  Clock& clock_;
  std::filesystem::path state_;
  bool collected_ = false;       // the first time only remembers what there was
  std::set<ProcessId> counted_;  // the newest that had ended
  DeploymentFigures deployments_;
  // The active core of each project, and how often it was another one than before.
  struct Active {
    std::string slot;
    std::int64_t changes = 0;
  };
  std::map<ProjectId, Active> active_;
};

}  // namespace croft
