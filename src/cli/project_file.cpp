#include "cli/project_file.h"

#include <fmt/format.h>

#include "base/file.h"
#include "spec/suggest.h"

namespace croft::cli {
namespace {

constexpr std::size_t kMaxConfig = 1u << 20;

}  // namespace

std::string find_project_file(const std::filesystem::path& folder) {
  for (const char* name : {"croft.yml", "croft.yaml", "zerops.yml", "zerops.yaml"}) {
    std::error_code ignored;
    if (std::filesystem::exists(folder / name, ignored)) return name;
  }
  return {};
}

Outcome<ProjectFile> load_project_file(Session& session, const std::filesystem::path& folder,
                                       const std::string& config) {
  ProjectFile file;
  file.name = config.empty() ? find_project_file(folder) : config;
  if (file.name.empty()) {
    return stop({Error(ErrorCode::kNotFound,
                       fmt::format("{}: no croft.yml, zerops.yml or zerops.yaml in this folder",
                                   folder.lexically_normal().string())),
                 kExitFailure, "croft init writes one"});
  }
  CLI_LET(text,
          read_file(config.empty() ? folder / file.name : session.io().cwd / config, kMaxConfig));
  file.text = text;
  auto parsed = spec::parse_app_config(file.name, file.text);
  if (!parsed) {
    Failure failure = to_failure(std::move(parsed).error());
    failure.hint = fmt::format("croft config validate {}", file.name);
    return stop(std::move(failure));
  }
  file.config = std::move(parsed->config);
  // Its warnings come with the server's answer, which knows more: the catalog, the environment.
  return file;
}

Outcome<std::string> choose_project_setup(const ProjectFile& file, const std::string& setup,
                                          const std::string& hostname) {
  const spec::Setup* chosen = spec::choose_setup(file.config, setup, hostname);
  if (chosen != nullptr) return chosen->name;
  std::vector<std::string> names;
  for (const spec::Setup& each : file.config.setups) names.push_back(each.name);
  const std::string wanted = setup.empty() ? hostname : setup;
  const std::string near = spec::nearest(wanted, names);
  return stop({Error(ErrorCode::kNotFound,
                     fmt::format("{}: no setup '{}'; there {} {}", file.name, wanted,
                                 names.size() == 1 ? "is" : "are", fmt::join(names, ", "))),
               kExitFailure,
               fmt::format("--setup {}", near.empty() && !names.empty() ? names.front() : near)});
}

}  // namespace croft::cli
