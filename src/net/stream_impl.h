// The common part of plain and TLS sockets: limits, cancellation, error mapping. Includes Asio:
// only for the two sources that need it.
#pragma once

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <utility>

#include "net/byte_stream.h"
#include "net/socket_stream.h"

namespace croft::detail {

namespace asio = boost::asio;
using PlainSocket = asio::generic::stream_protocol::socket;
using boost::system::error_code;

inline constexpr std::size_t kMaxReadBytes = 64u << 10;

// Closes a connection when a limit passes. One per direction.
class Watchdog {
 public:
  explicit Watchdog(asio::io_context& io) : timer_(io) {}

  // `expired` runs unless disarm() comes first; it must keep this watchdog alive.
  template <class F>
  void arm(Millis limit, F expired) {
    timed_out_ = false;
    if (limit == kNoLimit) return;
    timer_.expires_after(limit);
    timer_.async_wait([this, mine = ++armed_, expired](error_code error) {
      // The second test is for a timer that fired just before it was disarmed.
      if (error || mine != armed_) return;
      timed_out_ = true;
      expired();
    });
  }
  void disarm() {
    ++armed_;
    timer_.cancel();
  }
  bool timed_out() const { return timed_out_; }

 private:
  asio::steady_timer timer_;
  std::uint64_t armed_ = 0;
  bool timed_out_ = false;
};

inline Error stream_error(const error_code& error, bool timed_out, std::string_view what) {
  if (timed_out) return Error(ErrorCode::kTimeout, fmt::format("{}: no progress in time", what));
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
    return Error(ErrorCode::kCancelled, fmt::format("{}: the connection was closed here", what));
  }
  return Error(ErrorCode::kUnavailable, fmt::format("{}: {}", what, error.message()));
}

// `Stream` is PlainSocket or TLS over it. Everything lives in a shared state, so that a read or
// write that is under way when the stream is destroyed ends properly.
template <class Stream>
class StreamImpl : public ByteStream {
 public:
  struct State {
    template <class... Args>
    explicit State(asio::io_context& io, Args&&... args)
        : stream(std::forward<Args>(args)...), read_watchdog(io), write_watchdog(io) {}
    void close() {
      error_code ignored;
      stream.lowest_layer().close(ignored);
    }
    Stream stream;
    Watchdog read_watchdog;
    Watchdog write_watchdog;
  };

  explicit StreamImpl(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~StreamImpl() override { state_->close(); }

  Task<Result<std::string>> read_some(std::size_t max_bytes, Millis limit) override {
    const auto state = state_;
    const std::size_t size = std::min(max_bytes, kMaxReadBytes);
    const auto data = std::make_unique_for_overwrite<char[]>(size);
    const auto buffer = asio::buffer(data.get(), size);
    Armed armed(state, state->read_watchdog, limit);
    const auto [error, count] =
        co_await state->stream.async_read_some(buffer, asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::eof) co_return std::string();
    if (error) co_return fail(stream_error(error, state->read_watchdog.timed_out(), "read"));
    co_return std::string(data.get(), count);
  }

  Task<Status> write_all(std::string data, Millis limit) override {
    const auto state = state_;
    const auto buffer = asio::buffer(data);
    Armed armed(state, state->write_watchdog, limit);
    const auto [error, count] =
        co_await asio::async_write(state->stream, buffer, asio::as_tuple(asio::use_awaitable));
    if (error) co_return fail(stream_error(error, state->write_watchdog.timed_out(), "write"));
    co_return Status();
  }

  void close() override { state_->close(); }

 protected:
  // Disarms also when the task is cancelled and unwinds by exception.
  class Armed {
   public:
    Armed(const std::shared_ptr<State>& state, Watchdog& watchdog, Millis limit)
        : watchdog_(watchdog) {
      watchdog.arm(limit, [state] { state->close(); });
    }
    Armed(const Armed&) = delete;
    ~Armed() { watchdog_.disarm(); }

   private:
    Watchdog& watchdog_;
  };

  std::shared_ptr<State> state_;
};

}  // namespace croft::detail
