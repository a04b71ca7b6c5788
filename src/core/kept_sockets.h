// Listening sockets that outlive a croft-core that ends: what is asked meanwhile waits in the
// kernel and is answered by the next one, instead of being refused.
//
// They wait in the queue of a socket pair (the shelf) that the supervisor makes, holds at both ends
// and hands to each child: a message on it carries all of them, so it is whole or not there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace croft {

// The two ends; what is sent on `in` comes out of `out`. Without a supervisor both are -1.
struct SocketShelf {
  int in = -1;
  int out = -1;
};

class KeptSockets {
 public:
  // Takes what lies on the shelf, and leaves it there for the case that this process ends early.
  // The descriptors outlive the object.
  explicit KeptSockets(SocketShelf shelf);

  // The socket of that type (SOCK_STREAM, SOCK_DGRAM) that is bound to that address; empty when
  // there is none. Each is given out once.
  Fd take(const std::string& address, std::uint16_t port, int type);

  // From now on these are kept, at most 64. Those that were taken over and not taken are closed.
  Status keep(const std::vector<int>& sockets);
  // Nothing is kept any more: a socket that the caller closes is closed then.
  void clear();

 private:
  SocketShelf shelf_;
  std::vector<Fd> found_;
};

}  // namespace croft
