#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"

namespace croft {
namespace {

Status write_all(int fd, std::string_view content, const std::string& name) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail(errno_error(fmt::format("write {}", name), errno));
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(errno_error(fmt::format("open {}", path.string()), errno));
  std::string content;
  char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail(errno_error(fmt::format("read {}", path.string()), errno));
    }
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("{} is larger than {} bytes", path.string(), max_bytes));
    }
  }
}

Status write_file_atomically(const std::filesystem::path& path, std::string_view content,
                             mode_t mode) {
  const std::string temporary = fmt::format("{}.tmp.{}", path.string(), ::getpid());
  {
    const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!fd) return fail(errno_error(fmt::format("create {}", temporary), errno));
    Status written = write_all(fd.get(), content, temporary);
    if (written && ::fchmod(fd.get(), mode) != 0) {
      written = fail(errno_error(fmt::format("chmod {}", temporary), errno));
    }
    if (written && ::fsync(fd.get()) != 0) {
      written = fail(errno_error(fmt::format("fsync {}", temporary), errno));
    }
    if (!written) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    ::unlink(temporary.c_str());
    return fail(errno_error(fmt::format("rename to {}", path.string()), error_number));
  }
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const Fd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) {
    return fail(errno_error(fmt::format("fsync directory of {}", path.string()), errno));
  }
  return {};
}

Status write_file_if_changed(const std::filesystem::path& path, std::string_view content,
                             mode_t mode) {
  const auto present = read_file(path, content.size());
  if (present && *present == content) return {};
  return write_file_atomically(path, content, mode);
}

Status make_directories(const std::filesystem::path& path, mode_t mode) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    return fail(errno_error(fmt::format("create directory {}", path.string()), error.value()));
  if (::chmod(path.c_str(), mode) != 0) {
    return fail(errno_error(fmt::format("chmod {}", path.string()), errno));
  }
  return {};
}

}  // namespace croft
