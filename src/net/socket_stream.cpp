#include "net/socket_stream.h"

#include <fcntl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>

#include "base/fd.h"
#include "net/deadline.h"
#include "net/stream_impl.h"
#include "net/tcp_connect.h"

namespace croft {
namespace detail {
namespace {

class SocketStream final : public StreamImpl<PlainSocket> {
 public:
  using StreamImpl::StreamImpl;

  Task<Status> shutdown_write() override {
    error_code error;
    state_->stream.shutdown(asio::socket_base::shutdown_send, error);
    if (error) co_return fail(stream_error(error, false, "shut down"));
    co_return Status();
  }
};

// Closes the socket when a connection attempt takes too long.
template <class Socket>
struct Attempt {
  explicit Attempt(asio::io_context& io) : socket(io), watchdog(io) {}
  Socket socket;
  Watchdog watchdog;
};

template <class Socket>
class AttemptLimit {
 public:
  AttemptLimit(const std::shared_ptr<Attempt<Socket>>& attempt, Millis limit) : attempt_(*attempt) {
    attempt_.watchdog.arm(limit, [attempt] {
      error_code ignored;
      attempt->socket.close(ignored);
    });
  }
  AttemptLimit(const AttemptLimit&) = delete;
  ~AttemptLimit() { attempt_.watchdog.disarm(); }

 private:
  Attempt<Socket>& attempt_;
};

std::unique_ptr<ByteStream> make_stream(asio::io_context& io, PlainSocket socket) {
  return std::make_unique<SocketStream>(
      std::make_shared<SocketStream::State>(io, std::move(socket)));
}

class LeftoverStream final : public ByteStream {
 public:
  LeftoverStream(std::shared_ptr<ByteStream> inner, std::string leftover)
      : inner_(std::move(inner)), leftover_(std::move(leftover)) {}

  Task<Result<std::string>> read_some(std::size_t max_bytes, Millis limit) override {
    if (leftover_.empty()) co_return co_await inner_->read_some(max_bytes, limit);
    std::string piece = leftover_.substr(0, max_bytes);
    leftover_.erase(0, piece.size());
    co_return piece;
  }
  Task<Status> write_all(std::string data, Millis limit) override {
    return inner_->write_all(std::move(data), limit);
  }
  Task<Status> shutdown_write() override { return inner_->shutdown_write(); }
  void close() override { inner_->close(); }

 private:
  std::shared_ptr<ByteStream> inner_;
  std::string leftover_;
};

}  // namespace

Task<Result<PlainSocket>> connect_socket(Runtime& runtime, std::string host, std::uint16_t port,
                                         Millis limit) {
  using asio::ip::tcp;
  const std::string what = fmt::format("connect to {}:{}", host, port);
  const Deadline deadline(limit);
  tcp::resolver resolver(runtime.io());
  const std::string service = std::to_string(port);
  const auto [resolve_error, results] = co_await resolver.async_resolve(
      host, service, tcp::resolver::numeric_service, asio::as_tuple(asio::use_awaitable));
  if (resolve_error) co_return fail(stream_error(resolve_error, false, what));
  const auto attempt = std::make_shared<Attempt<tcp::socket>>(runtime.io());
  AttemptLimit<tcp::socket> armed(attempt, deadline.remaining());
  const auto [error, endpoint] =
      co_await asio::async_connect(attempt->socket, results, asio::as_tuple(asio::use_awaitable));
  if (error) co_return fail(stream_error(error, attempt->watchdog.timed_out(), what));
  attempt->socket.set_option(tcp::no_delay(true));
  co_return PlainSocket(std::move(attempt->socket));
}

namespace {

constexpr std::size_t kSocketPathMax = 107;  // sun_path of unix(7), without its end

// A path that fits into a socket address. `folder` must stay open while it is used.
struct ShortPath {
  std::string path;
  Fd folder;
};

// Homes may lie deep, and cores' sockets lie deep below them: a longer path goes through its
// folder's descriptor.
Result<ShortPath> shorten(const std::string& path) {
  if (path.size() <= kSocketPathMax) return ShortPath{path, Fd()};
  const std::filesystem::path whole(path);
  Fd folder(::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return fail(errno_error(fmt::format("connect to {}", path), errno));
  return ShortPath{fmt::format("/proc/self/fd/{}/{}", folder.get(), whole.filename().string()),
                   std::move(folder)};
}

}  // namespace
}  // namespace detail

using namespace detail;

Task<Result<std::unique_ptr<ByteStream>>> connect_unix(Runtime& runtime, std::string path,
                                                       Millis limit) {
  using asio::local::stream_protocol;
  const std::string what = fmt::format("connect to {}", path);
  const auto reachable = shorten(path);
  if (!reachable) co_return fail(reachable.error());
  if (path.empty() || reachable->path.size() > kSocketPathMax) {
    co_return fail(
        ErrorCode::kInvalid,
        fmt::format("{}: the name of a socket has 1 to {} characters", what, kSocketPathMax));
  }
  const auto attempt = std::make_shared<Attempt<stream_protocol::socket>>(runtime.io());
  const stream_protocol::endpoint endpoint(reachable->path);
  AttemptLimit<stream_protocol::socket> armed(attempt, limit);
  const auto [error] =
      co_await attempt->socket.async_connect(endpoint, asio::as_tuple(asio::use_awaitable));
  if (error) co_return fail(stream_error(error, attempt->watchdog.timed_out(), what));
  co_return make_stream(runtime.io(), PlainSocket(std::move(attempt->socket)));
}

Task<Result<std::unique_ptr<ByteStream>>> connect_tcp(Runtime& runtime, std::string host,
                                                      std::uint16_t port, Millis limit) {
  auto socket = co_await connect_socket(runtime, std::move(host), port, limit);
  if (!socket) co_return fail(std::move(socket).error());
  co_return make_stream(runtime.io(), std::move(*socket));
}

std::unique_ptr<ByteStream> adopt_socket(Runtime& runtime, Fd socket) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof family;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
  PlainSocket plain(runtime.io());
  error_code error;
  plain.assign(asio::generic::stream_protocol(family, 0), socket.get(), error);
  if (!error) socket.release();
  return make_stream(runtime.io(), std::move(plain));
}

std::unique_ptr<ByteStream> with_leftover(std::shared_ptr<ByteStream> inner, std::string leftover) {
  return std::make_unique<LeftoverStream>(std::move(inner), std::move(leftover));
}

}  // namespace croft
