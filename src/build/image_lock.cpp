#include "build/image_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <boost/asio/this_coro.hpp>

#include "base/file.h"

namespace croft::build {

Task<Result<ImageLock>> ImageLock::take(std::filesystem::path folder, std::string name,
                                        std::function<void()> waiting) {
  if (auto made = make_directories(folder); !made) co_return fail(std::move(made).error());
  const std::filesystem::path path = folder / (name + ".lock");
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file) co_return fail(errno_error("open the lock " + path.string(), errno));
  bool told = false;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      co_return fail(errno_error("take the lock " + path.string(), errno));
    if (!told && waiting) waiting();
    told = true;
    co_await sleep_for(Millis(200));
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none)
      co_return fail(ErrorCode::kCancelled, "waiting for another build of " + name);
  }
  co_return ImageLock(std::move(file));
}

}  // namespace croft::build
