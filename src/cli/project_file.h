// The croft.yml or zerops.yml of a folder, found and checked on this machine.
#pragma once

#include <filesystem>
#include <string>

#include "cli/session.h"
#include "spec/app_config.h"

namespace croft::cli {

struct ProjectFile {
  std::string name;  // as found, for messages and for the server
  std::string text;
  spec::AppConfig config;
  std::string setup;  // chosen; empty in a file of the oldest form
};

// The name of the first of croft.yml, croft.yaml, zerops.yml, zerops.yaml that `folder` has; empty
// when there is none.
std::string find_project_file(const std::filesystem::path& folder);

// Reads and checks `config` (relative to the working directory), or what find_project_file says.
// Fails with every located complaint.
Outcome<ProjectFile> load_project_file(Session& session, const std::filesystem::path& folder,
                                       const std::string& config);

// The setup by name, or the one named like the service; a failure lists what there is.
Outcome<std::string> choose_project_setup(const ProjectFile& file, const std::string& setup,
                                          const std::string& hostname);

}  // namespace croft::cli
