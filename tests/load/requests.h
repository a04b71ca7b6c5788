// A stream of requests at a given rate. Open loop: an attempt starts at its time whatever became of
// those before it, and its latency counts from that time, also while it waits for a connection.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "http2.h"
#include "run.h"
#include "slots.h"
#include "task/group.h"

namespace croft::load {

class RequestStream {
 public:
  // `run` and `spec` must outlive it.
  RequestStream(const Run& run, const StreamSpec& spec);

  // Ends when the run is over and the last attempt has ended.
  Task<void> start();
  const Recorder& recorder() const { return recorder_; }
  const StreamSpec& spec() const { return spec_; }

 private:
  // A place of an HTTP/2 connection that is opened again when it has ended.
  struct Place {
    explicit Place(Runtime& runtime) : opening(runtime, 1) {}
    std::shared_ptr<Http2Connection> connection;
    Slots opening;
  };

  Task<void> attempt(std::int64_t number, TimePoint intended);
  Task<void> over_http1(const Request& request, TimePoint deadline, Reply& reply);
  Task<void> over_http2(std::size_t number, const Request& request, TimePoint deadline,
                        Reply& reply);
  Task<std::shared_ptr<Http2Connection>> connect_http2(TimePoint deadline, Reply& reply);
  std::unique_ptr<Link> take_idle();
  bool keeps_connections() const { return spec_.mode == Mode::kKeepalive; }

  const Run& run_;
  const StreamSpec& spec_;
  Recorder recorder_;
  Group attempts_;
  Group connections_;
  Slots slots_;
  std::deque<std::unique_ptr<Link>> idle_;
  std::vector<std::unique_ptr<Place>> places_;
};

}  // namespace croft::load
