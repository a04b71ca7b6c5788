// HTTP/2 connections of the load client, on libnghttp2.
#pragma once

#include <memory>

#include "http1.h"
#include "task/group.h"

namespace croft::load {

class Http2Connection {
 public:
  // `link` is open and agreed to h2. Its tasks live in `group`, which must be joined after close().
  Http2Connection(Runtime& runtime, Group& group, std::unique_ptr<Link> link,
                  const AnswerHeaders& names);
  Http2Connection(const Http2Connection&) = delete;
  ~Http2Connection();

  // Another request may be sent: the connection stands, and the peer has not said GOAWAY.
  bool usable() const;
  // Fills `reply`. When `deadline` passes the stream is reset and its fault is "timeout".
  Task<void> exchange(const Target& target, const Request& request, TimePoint deadline,
                      Reply& reply);
  // Ends the tasks; requests under way end with the fault "closed".
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft::load
