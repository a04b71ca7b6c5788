// Counts the lines of the edge's access log by service.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/edge_route.h"
#include "model/http_figures.h"

namespace croft::node {

class HttpTally {
 public:
  // What is served now; what was counted under names that went stays.
  void set_routes(const std::vector<EdgeRoute>& routes);
  // One line of Caddy's access log (JSON). A line of no route is nobody's, and counts nowhere.
  void take(std::string_view line);

  // By project and service.
  std::vector<HttpFigures> figures() const;

 private:
  struct Count {
    std::map<std::pair<std::string, std::string>, std::int64_t> requests;  // method, code class
    std::vector<std::int64_t> durations;
    double duration_sum_s = 0;
    std::int64_t response_bytes = 0;
  };
  using Service = std::pair<std::string, std::string>;  // project, hostname

  std::map<std::string, Service, std::less<>> services_;  // by host
  std::map<Service, Count> counts_;
};

}  // namespace croft::node
