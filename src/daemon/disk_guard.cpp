#include "daemon/disk_guard.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "base/log.h"

namespace croft {
namespace {

constexpr Millis kPeriod{1000};

}  // namespace

Result<std::uint64_t> DiskGuard::ask_system(const std::filesystem::path& path) {
  struct statvfs info{};
  if (::statvfs(path.c_str(), &info) != 0) {
    return fail(errno_error(fmt::format("statvfs {}", path.string()), errno));
  }
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

DiskGuard::DiskGuard(std::vector<std::filesystem::path> folders, FreeBytes free_bytes)
    : folders_(std::move(folders)), free_bytes_(std::move(free_bytes)) {}

void DiskGuard::look() {
  bool answered = false;
  for (const std::filesystem::path& folder : folders_) {
    const auto now = free_bytes_(folder);
    if (!now) {
      log_warning("cannot ask for the free space", {{"error", now.error().describe()}});
    } else if (!answered || *now < free_) {
      answered = true;
      free_ = *now;
      fullest_ = folder;
    }
  }
  if (!answered) return;
  const bool full = read_only_ ? free_ <= kWritableAbove : free_ < kReadOnlyBelow;
  if (full == read_only_) return;
  read_only_ = full;
  if (full) {
    log_error("the disk is full: croftd is read-only until there is space again",
              {{"path", fullest_.string()}, {"free_bytes", free_}});
  } else {
    log_info("there is space again: croftd takes changes", {{"free_bytes", free_}});
  }
}

Task<void> DiskGuard::watch() {
  for (;;) {
    look();
    co_await sleep_for(kPeriod);
  }
}

Status DiskGuard::may_write() const {
  if (!read_only_) return {};
  return fail(ErrorCode::kExhausted,
              fmt::format("the disk of {} is full ({} MiB, {} bytes, left): nothing can be changed "
                          "until there are {} MiB; free some space, croft goes on by itself. "
                          "Reading, deleting and the services themselves go on",
                          fullest_.string(), free_ >> 20, free_, kWritableAbove >> 20));
}

}  // namespace croft
