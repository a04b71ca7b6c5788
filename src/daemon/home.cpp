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

Result<std::filesystem::path> home_of(const Args& args) {
  if (args.get("home").empty()) return fail(ErrorCode::kInvalid, "--home is missing; see --help");
  return std::filesystem::absolute(args.get("home"));
}

Result<std::optional<Fd>> try_lock(const std::filesystem::path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail(errno_error(fmt::format("open {}", path.string()), errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return std::optional<Fd>();
  return std::optional<Fd>(std::move(fd));
}

Result<Fd> lock_home(const std::filesystem::path& home) {
  auto lock = try_lock(home / "run" / "croftd.lock");
  if (!lock) return fail(std::move(lock).error());
  if (*lock) return std::move(**lock);
  return fail(ErrorCode::kConflict, fmt::format("a croftd uses {}; stop it first", home.string()));
}

}  // namespace croft
