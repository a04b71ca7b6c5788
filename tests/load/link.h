// One connection of the load client, plain or TLS, with the reason when it breaks.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "reply.h"
#include "stream_spec.h"
#include "task/task.h"

namespace croft::load {

using TimePoint = std::chrono::steady_clock::time_point;

// The TLS settings that all connections of a run share.
class TlsSettings {
 public:
  // `ca_file` empty: certificates are not checked.
  static Result<TlsSettings> make(const std::string& ca_file);

 private:
  friend class Link;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// One read and one write may be under way at a time.
class Link {
 public:
  explicit Link(Runtime& runtime);
  Link(const Link&) = delete;
  ~Link();

  // Connects, and shakes hands when the target wants TLS; `h2`: by ALPN, and it must be agreed to.
  Task<Fault> open(const Target& target, const TlsSettings& tls, bool h2);
  // `left`: set to whether a part of `data` left this process.
  Task<Fault> write(std::string data, bool* left);
  // Appends at least one byte to `into`. Kind "closed" when the peer ended the connection in order.
  Task<Fault> read(std::string* into);
  // When it passes the connection is closed, and what waits ends with "timeout".
  void set_deadline(TimePoint deadline);
  // The peer has ended an idle connection.
  bool peer_closed() const;
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft::load
