#include "node/core_files.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/log.h"

namespace croft::node {
namespace fs = std::filesystem;

Status CoreFiles::apply(const std::vector<CoreDesired>& cores) {
  CROFT_TRY(make_directories(directory_, 0700));
  std::set<std::string> kept;
  for (const CoreDesired& core : cores) {
    if (core.project_id.empty()) {
      return fail(ErrorCode::kInvalid, "desired state: a core without a project id");
    }
    kept.insert(core.project_id.str());
    const fs::path directory = directory_ / core.project_id.str();
    const fs::path file = directory / kCoreDesiredFile;
    CROFT_TRY(make_directories(directory, 0700));
    CROFT_TRY(write_file_if_changed(file, to_json_text(core), 0600));
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
    const std::string name = entry.path().filename().string();
    if (!is_valid_id(name) || kept.contains(name)) continue;
    std::error_code removing;
    fs::remove_all(entry.path(), removing);
    if (removing) {
      log_warning("cannot remove a core directory",
                  {{"directory", entry.path().string()}, {"error", removing.message()}});
    }
  }
  return {};
}

Status CoreFiles::move_from(const fs::path& old) {
  std::error_code error;
  if (old == directory_ || !fs::exists(old, error)) return {};
  CROFT_TRY(make_directories(directory_, 0700));
  for (const auto& entry : fs::directory_iterator(old, error)) {
    const fs::path to = directory_ / entry.path().filename();
    std::error_code moving;
    if (!is_valid_id(entry.path().filename().string()) || fs::exists(to, moving)) continue;
    fs::rename(entry.path(), to, moving);
    if (moving) {
      return fail(errno_error(fmt::format("move {} to {}", entry.path().string(), to.string()),
                              moving.value()));
    }
  }
  std::error_code ignored;  // what is left in it, nobody needs
  fs::remove_all(old, ignored);
  return {};
}

std::vector<fs::path> CoreFiles::sockets() const {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& project : fs::directory_iterator(directory_, error)) {
    if (!is_valid_id(project.path().filename().string())) continue;
    std::error_code inner;
    for (const auto& entry : fs::directory_iterator(project.path(), inner)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("core-") && name.ends_with(".sock")) out.push_back(entry.path());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace croft::node
