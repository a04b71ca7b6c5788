// What `croft init` finds out about a folder of code, and the croft.yml it proposes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace croft::cli {

struct Detected {
  std::string technology;  // "Node.js", "Go", "PHP", "Python", "static files"; empty: unknown
  std::string type;        // service type to create: nodejs@22, static…
  std::vector<std::string> findings;  // why: "package.json has a start script"
  std::string croft_yml;              // with `SETUP` in the place of the setup's name
};

Detected detect_project(const std::filesystem::path& folder);

// A hostname out of whatever a folder is called; "app" when nothing is left.
std::string hostname_from(const std::filesystem::path& folder);

}  // namespace croft::cli
