// The core's DNS on UDP and TCP, one pair of sockets per address it holds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "core/dns_forwarder.h"
#include "core/dns_zone.h"
#include "core/kept_sockets.h"
#include "net/byte_stream.h"
#include "net/http_exchange.h"
#include "task/group.h"

namespace croft {

class TcpListener;

enum class DnsSide : std::uint8_t {
  kInside,  // instances of the project: hosts, and everything outside by forwarding
  kUplink,  // the edge: instances in rotation, nothing else
};

class DnsServer {
 public:
  // Both outlive the server.
  DnsServer(Runtime& runtime, Random& random);
  DnsServer(const DnsServer&) = delete;
  ~DnsServer();

  // Takes `address` too, with sockets of `kept` where there are. UDP and TCP have the same port; 0
  // takes a free one, which is returned. What arrives before begin() waits in the kernel.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port, DnsSide side,
                               KeptSockets& kept);
  // Begins to answer on every address of that side. Again after more of listen().
  void begin(DnsSide side);
  // Of the listening sockets.
  std::vector<int> descriptors() const;
  // Closes all sockets; listen() may follow.
  void close();

  void set_zone(DnsZone zone) { zone_ = std::move(zone); }
  void set_resolvers(std::vector<Resolver> resolvers) {
    forwarder_.set_resolvers(std::move(resolvers));
  }

  // Ends all tasks. Call it before destruction.
  Task<void> stop();

 private:
  struct UdpSocket;
  struct Forward;
  Task<void> udp_loop(std::shared_ptr<UdpSocket> socket);
  Task<void> forward_udp(std::unique_ptr<Forward> forward);
  Task<void> tcp_loop(std::shared_ptr<ByteStream> stream, DnsSide side);
  // The answer when it needs nobody else; empty bytes: say nothing. nullopt: forward `query`.
  std::optional<std::string> answer_now(std::string_view message, DnsSide side, bool tcp,
                                        dns::Query& query) const;

  Runtime& runtime_;
  Group group_;
  DnsForwarder forwarder_;
  DnsZone zone_;
  std::size_t forwarding_ = 0;
  std::vector<std::shared_ptr<UdpSocket>> udp_;
  std::vector<std::unique_ptr<TcpListener>> tcp_;
};

}  // namespace croft
