// Output of children: read from their pipes, written byte for byte to our own stdout and stderr,
// the last lines kept beside. Never blocks: when our reader is slow, the children are not read, so
// they wait as they would without us.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/line_ring.h"
#include "init/loop.h"

namespace croft::init {

enum class Stream : unsigned char { kOut, kErr, kNone };  // kNone: kept in the ring only

class Output {
 public:
  // Writes to `out_fd` and `err_fd` and makes them non-blocking until it is destroyed.
  Output(Loop& loop, int out_fd, int err_fd);
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  // Relays the pipe until its last writer closes it, which may be long after the child ended.
  void attach(Fd pipe, Stream stream, std::shared_ptr<LineRing> ring);

  // Reads what the pipes that feed `ring` hold now; to be called when the child has ended.
  void drain(const std::shared_ptr<LineRing>& ring);

  // One line of croft-init's own to stderr: "croft-init: " + message, line ends made spaces.
  void say(std::string_view message);

  // At the end: reads what all pipes hold now and writes what is pending, waiting for a slow reader
  // for at most `limit`.
  void flush(Millis limit);

 private:
  struct Sink {
    int fd = -1;
    int flags = 0;  // as found, to be restored
    std::string pending;
    bool watched = false;
  };
  struct Relay {
    Fd pipe;
    Stream stream = Stream::kNone;
    std::shared_ptr<LineRing> ring;
  };
  using RelayPosition = std::list<Relay>::iterator;

  void listen(RelayPosition relay);
  // Returns with `relay` gone when the pipe reached its end.
  void pump(RelayPosition relay, int max_reads, bool stop_when_full);
  void write(Stream stream, std::string_view bytes);
  static void write_pending(Sink& sink);
  void on_writable(Stream stream);
  void pause_sources(Stream stream);
  void resume_sources(Stream stream);
  Sink& sink(Stream stream) { return sinks_[static_cast<std::size_t>(stream)]; }

  Loop& loop_;
  std::array<Sink, 2> sinks_;
  std::list<Relay> relays_;
  std::string buffer_;
};

}  // namespace croft::init
