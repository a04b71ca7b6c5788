#include "node/access_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace croft::node {
namespace {

constexpr std::size_t kPiece = 256u << 10;
constexpr std::size_t kMostAtOnce = 8u << 20;
constexpr std::size_t kLongestLine = 1u << 20;  // a longer one is nothing that the edge writes

}  // namespace

Status AccessLog::open(bool at_end) {
  open_ = Fd(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  rest_.clear();
  if (!open_) {
    if (errno == ENOENT) return {};
    return fail(errno_error(fmt::format("open {}", file_.string()), errno));
  }
  if (at_end) ::lseek(open_.get(), 0, SEEK_END);
  return {};
}

bool AccessLog::was_replaced() const {
  struct stat mine{};
  struct stat named{};
  if (::fstat(open_.get(), &mine) != 0) return true;
  if (::stat(file_.c_str(), &named) != 0) return false;  // the new one is not there yet
  return mine.st_ino != named.st_ino || mine.st_dev != named.st_dev;
}

Status AccessLog::read(const OnLine& on_line) {
  if (!open_) CROFT_TRY(open(first_));
  first_ = false;
  std::string piece(kPiece, '\0');
  for (std::size_t taken = 0; open_ && taken < kMostAtOnce;) {
    // Asked before the read: what was written until the new file came is read below.
    const bool replaced = was_replaced();
    const ssize_t n = ::read(open_.get(), piece.data(), piece.size());
    if (n < 0) return fail(errno_error(fmt::format("read {}", file_.string()), errno));
    if (n == 0) {
      if (!replaced) return {};
      CROFT_TRY(open(false));
      continue;
    }
    taken += static_cast<std::size_t>(n);
    rest_.append(piece, 0, static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end = rest_.find('\n'); end != std::string::npos;
         end = rest_.find('\n', begin)) {
      on_line(std::string_view(rest_).substr(begin, end - begin));
      begin = end + 1;
    }
    rest_.erase(0, begin);
    if (rest_.size() > kLongestLine) rest_.clear();
  }
  return {};
}

}  // namespace croft::node
