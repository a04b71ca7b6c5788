// Listening sockets and who connected to them. Used inside this folder only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "net/http_exchange.h"

namespace croft {

struct Listener {
  Fd socket;  // non-blocking, listening
  int family = 0;
  std::uint16_t port = 0;
};

Result<Listener> listen_on_tcp(const std::string& address, std::uint16_t port);
Result<Fd> listen_on_unix(const std::string& path, mode_t mode);

HttpPeer peer_of(int socket);

}  // namespace croft
