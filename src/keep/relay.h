// The edge's resolver: Caddy asks it for the instances of a service, it asks the core of the
// service's project and nobody else. It keeps nothing: the name says which core (dns_wire.h), so it
// needs no configuration, and what is asked while it is started again waits in its socket.
//
// Caddy makes every request for every service wait while one of its lookups is on the way, so a
// core that is silent must not hold one up: after `patience` the answer is that there is no
// instance (Caddy asks again for five seconds), and until that core has answered anything, at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace croft::relay {

struct RelayLimits {
  std::chrono::milliseconds patience{250};  // with a core that answered the last time
  std::chrono::milliseconds repeat{75};     // until the same is asked again
  std::chrono::milliseconds give_up{2000};  // until a question is forgotten
  std::size_t most = 256;                   // connections, and questions on the way, at a time
  std::uint16_t port = 53;                  // of the cores
};

// A listening SOCK_SEQPACKET socket at `path`, for its owner only, in place of whatever is there;
// -1 with errno. Each connection takes one question and gets one answer.
int listen_at(const std::string& path);

// Answers on `listener`, for ever.
[[noreturn]] void serve(int listener, const RelayLimits& limits);

}  // namespace croft::relay
