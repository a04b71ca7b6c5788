#include "core/desired_file.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "base/file.h"
#include "base/log.h"

namespace croft {
namespace asio = boost::asio;

struct DesiredFile::Watch {
  explicit Watch(asio::io_context& io) : events(io) {}
  asio::posix::stream_descriptor events;
};

DesiredFile::DesiredFile(Runtime& runtime, Signal& changed, std::filesystem::path directory)
    : runtime_(runtime), changed_(changed), directory_(std::move(directory)) {}

DesiredFile::~DesiredFile() {
  stop();
}

Result<std::optional<CoreDesired>> DesiredFile::poll() {
  const std::filesystem::path path = directory_ / kCoreDesiredFile;
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return fail(ErrorCode::kNotFound,
                fmt::format("core: {} is not there yet; croft-node writes it", path.string()));
  }
  std::string now = fmt::format("{} {} {}.{}", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                                info.st_mtim.tv_nsec);
  if (now == seen_) return std::nullopt;
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  seen_ = std::move(now);
  auto desired = from_json_text<CoreDesired>(*text);
  if (!desired) return fail(std::move(desired).error().in(path.string()));
  if (desired->generation < generation_) return std::nullopt;
  generation_ = desired->generation;
  return std::move(*desired);
}

Task<void> DesiredFile::run() {
  const auto watch = std::make_shared<Watch>(runtime_.io());
  watch_ = watch;
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0 || ::inotify_add_watch(fd, directory_.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
    log_warning("no inotify; changes are found within a second",
                {{"directory", directory_.string()}, {"error", errno}});
    if (fd >= 0) ::close(fd);
    co_return;
  }
  watch->events.assign(fd);
  std::array<char, 4096> buffer;
  while (watch->events.is_open()) {
    const auto [error, count] = co_await watch->events.async_read_some(
        asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    changed_.notify();
  }
}

void DesiredFile::stop() {
  if (!watch_) return;
  boost::system::error_code ignored;
  watch_->events.close(ignored);
}

}  // namespace croft
