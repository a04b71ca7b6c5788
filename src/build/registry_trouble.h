// What the output of a package manager says about a registry that it did not get through to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace croft::build {

struct RegistryTrouble {
  std::string host;     // that was asked, without user and password; empty: the output does not say
  std::string line;     // of the output, at most 300 bytes
  std::string setting;  // the variable that names the registry; empty: no known package manager
  bool certificate = false;  // it was reached, but is not trusted
};

// The first such line of `lines`, those that name a host first. `env` is what the command saw: it
// tells the host where the output does not (pip).
std::optional<RegistryTrouble> find_registry_trouble(const std::vector<std::string>& lines,
                                                     const std::map<std::string, std::string>& env);

// For people: what could not be reached and what to check.
std::string describe(const RegistryTrouble& trouble);

}  // namespace croft::build
