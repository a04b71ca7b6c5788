#include "init/output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

namespace croft::init {
namespace {

constexpr std::size_t kReadBytes = 65536;  // what a pipe holds

}  // namespace

Output::Output(Loop& loop, int out_fd, int err_fd) : loop_(loop), buffer_(kReadBytes, '\0') {
  sinks_[0].fd = out_fd;
  sinks_[1].fd = err_fd;
  for (Sink& s : sinks_) {
    s.flags = ::fcntl(s.fd, F_GETFL);
    if (s.flags >= 0) ::fcntl(s.fd, F_SETFL, s.flags | O_NONBLOCK);
  }
}

Output::~Output() {
  for (Relay& relay : relays_) loop_.unwatch(relay.pipe.get());
  for (Sink& s : sinks_) {
    if (s.watched) loop_.unwatch(s.fd);
    if (s.flags >= 0) ::fcntl(s.fd, F_SETFL, s.flags);
  }
}

void Output::attach(Fd pipe, Stream stream, std::shared_ptr<LineRing> ring) {
  ::fcntl(pipe.get(), F_SETFL, O_NONBLOCK);
  const auto relay = relays_.insert(relays_.end(), {std::move(pipe), stream, std::move(ring)});
  if (stream == Stream::kNone || sink(stream).pending.empty()) listen(relay);
}

void Output::listen(RelayPosition relay) {
  const Status watched = loop_.watch(relay->pipe.get(), EPOLLIN,
                                     [this, relay](std::uint32_t) { pump(relay, 4, true); });
  if (!watched) relays_.erase(relay);
}

void Output::pump(RelayPosition relay, int max_reads, bool stop_when_full) {
  for (int i = 0; i < max_reads; ++i) {
    const ssize_t got = ::read(relay->pipe.get(), buffer_.data(), buffer_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      loop_.unwatch(relay->pipe.get());
      relays_.erase(relay);
      return;
    }
    const std::string_view piece(buffer_.data(), static_cast<std::size_t>(got));
    relay->ring->feed(piece, relay->stream == Stream::kErr ? 1 : 0);
    if (relay->stream == Stream::kNone) continue;
    write(relay->stream, piece);
    if (stop_when_full && !sink(relay->stream).pending.empty()) return;
  }
}

void Output::drain(const std::shared_ptr<LineRing>& ring) {
  for (auto relay = relays_.begin(); relay != relays_.end();) {
    const auto current = relay++;
    if (current->ring == ring) pump(current, 2, false);
  }
}

void Output::write_pending(Sink& s) {
  while (!s.pending.empty()) {
    const ssize_t written = ::write(s.fd, s.pending.data(), s.pending.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    // Nobody reads any more: what is left has no use.
    s.pending.erase(0, written < 0 ? std::string::npos : static_cast<std::size_t>(written));
  }
}

void Output::write(Stream stream, std::string_view bytes) {
  Sink& s = sink(stream);
  s.pending.append(bytes);
  if (s.watched) return;
  write_pending(s);
  if (s.pending.empty()) return;
  s.watched = loop_.watch(s.fd, EPOLLOUT, [this, stream](std::uint32_t) { on_writable(stream); })
                  .has_value();
  if (s.watched) pause_sources(stream);
}

void Output::on_writable(Stream stream) {
  Sink& s = sink(stream);
  write_pending(s);
  if (!s.pending.empty()) return;
  loop_.unwatch(s.fd);
  s.watched = false;
  resume_sources(stream);
}

// Unwatched, not only muted: a hang-up is reported whatever events are asked for.
void Output::pause_sources(Stream stream) {
  for (const Relay& relay : relays_) {
    if (relay.stream == stream) loop_.unwatch(relay.pipe.get());
  }
}

void Output::resume_sources(Stream stream) {
  for (auto relay = relays_.begin(); relay != relays_.end();) {
    const auto current = relay++;
    if (current->stream == stream) listen(current);
  }
}

void Output::say(std::string_view message) {
  std::string line = "croft-init: ";
  line += message;
  std::replace(line.begin(), line.end(), '\n', ' ');
  write(Stream::kErr, line + "\n");
}

void Output::flush(Millis limit) {
  const Millis deadline = loop_.now() + limit;
  for (auto relay = relays_.begin(); relay != relays_.end();) pump(relay++, 2, false);
  for (Sink& s : sinks_) {
    write_pending(s);
    while (!s.pending.empty() && loop_.now() < deadline) {
      pollfd polled{s.fd, POLLOUT, 0};
      ::poll(&polled, 1, static_cast<int>((deadline - loop_.now()).count()));
      write_pending(s);
    }
  }
}

}  // namespace croft::init
