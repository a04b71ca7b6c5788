// What the edge of this node answers, by service, from its access log: its own figures know servers
// only, because a host in a label would be any client's choice.
#pragma once

#include <filesystem>
#include <vector>

#include "model/edge_route.h"
#include "model/http_figures.h"
#include "node/access_log.h"
#include "node/http_tally.h"
#include "task/group.h"
#include "task/pool.h"
#include "task/signal.h"

namespace croft::node {

class HttpWatch {
 public:
  HttpWatch(Runtime& runtime, std::filesystem::path access_log);
  HttpWatch(const HttpWatch&) = delete;

  // Reads what is new every 5 s.
  void start();
  void set_routes(const std::vector<EdgeRoute>& routes) { routes_ = routes; }
  // Counted since start().
  const std::vector<HttpFigures>& figures() const { return figures_; }

  // One read; what start() does again and again.
  Task<void> look();

  // Ends all tasks. Call it before destruction.
  Task<void> stop();

 private:
  Task<void> watch();

  Pool pool_{1};
  Group group_;
  Signal stop_;
  bool stopping_ = false;
  std::vector<EdgeRoute> routes_;
  std::vector<HttpFigures> figures_;
  // Of look() alone.
  AccessLog log_;
  HttpTally tally_;
  std::string error_;  // said in the log once
};

}  // namespace croft::node
