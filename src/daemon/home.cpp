#include "daemon/home.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>

#include "base/file.h"

namespace croft {

Status make_home(const std::filesystem::path& home) {
  for (const char* folder : {"run", "state", "logs", "bundles", "cache", "cores", "edge"}) {
    CROFT_TRY(make_directories(home / folder, 0700));
  }
  return {};
}

Result<Fd> lock_home(const std::filesystem::path& home) {
  const std::filesystem::path path = home / "run" / "croftd.lock";
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail(errno_error(fmt::format("open {}", path.string()), errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::kConflict,
                fmt::format("a croftd uses {}; stop it first", home.string()));
  }
  return fd;
}

}  // namespace croft
