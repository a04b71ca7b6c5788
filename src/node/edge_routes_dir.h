// The directory in which this node's edge finds its routes (plan/edge_routes.h).
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/edge_route.h"

namespace croft::node {

class EdgeRoutesDir {
 public:
  explicit EdgeRoutesDir(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // Makes the directory hold `routes` and nothing else, touching only what differs from the last
  // time, or from what is really there when `look`. A host that goes on is found at every moment: a
  // changed route is there before the old one goes. A route that is none is left out, with a line
  // in the log. Blocks.
  Status apply(const std::vector<EdgeRoute>& routes, bool look);

 private:
  using Routes = std::map<std::string, std::set<std::string>>;  // host -> names of files
  Result<Routes> present() const;
  Status put(const std::string& host, const std::set<std::string>& files,
             const std::set<std::string>& before) const;

  std::filesystem::path directory_;
  std::vector<EdgeRoute> last_;
  Routes held_;
  bool known_ = false;  // whether held_ is what the directory holds
};

}  // namespace croft::node
