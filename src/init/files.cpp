#include "init/files.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/file.h"

namespace croft::init {
namespace {

bool may_change_owner() {
  return ::geteuid() == 0;
}

Status make_parents(const std::filesystem::path& directory, const User& owner) {
  struct stat info{};
  if (directory.empty() || ::stat(directory.c_str(), &info) == 0) return {};
  CROFT_TRY(make_parents(directory.parent_path(), owner));
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail(errno_error(fmt::format("create directory {}", directory.string()), errno));
  }
  if (may_change_owner() && ::chown(directory.c_str(), owner.uid, owner.gid) != 0) {
    return fail(errno_error(fmt::format("change the owner of {}", directory.string()), errno));
  }
  return {};
}

}  // namespace

Status write_files(const std::vector<InitFile>& files, const User& owner) {
  for (const InitFile& file : files) {
    const std::filesystem::path path = file.path;
    CROFT_TRY(make_parents(path.parent_path(), owner));
    CROFT_TRY(write_file_atomically(path, file.content, file.mode & 0777));
    if (may_change_owner() && ::chown(path.c_str(), owner.uid, owner.gid) != 0) {
      return fail(errno_error(fmt::format("change the owner of {}", file.path), errno));
    }
  }
  return {};
}

}  // namespace croft::init
