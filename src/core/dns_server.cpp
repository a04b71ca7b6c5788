#include "core/dns_server.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/tcp_listener.h"
#include "net/listen.h"

namespace croft {
namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;
namespace {

// Beyond these an instance gets SERVFAIL, or its connection closed.
constexpr std::size_t kMaxForwarding = 512;
constexpr std::size_t kMaxTcpConnections = 128;
constexpr Millis kTcpIdleLimit{10'000};

dns::Answer server_failure() {
  return {.rcode = dns::Rcode::kServerFailure, .recursion_available = true};
}

std::string framed(const std::string& message) {
  return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())} +
         message;
}

}  // namespace

struct DnsServer::UdpSocket {
  UdpSocket(asio::io_context& io, DnsSide s) : socket(io), side(s) {}
  udp::socket socket;
  DnsSide side;
  bool begun = false;
  Fd tcp;  // listening, until begin()
  udp::endpoint from;
  std::array<char, 4096> buffer{};
};

// A query whose answer comes later, and where it goes then.
struct DnsServer::Forward {
  std::shared_ptr<UdpSocket> socket;
  udp::endpoint to;
  dns::Query query;
};

DnsServer::DnsServer(Runtime& runtime, Random& random)
    : runtime_(runtime), group_(runtime), forwarder_(runtime, random) {}

DnsServer::~DnsServer() = default;

Result<std::uint16_t> DnsServer::listen(const std::string& address, std::uint16_t port,
                                        DnsSide side, KeptSockets& kept) {
  error_code error;
  const auto at = asio::ip::make_address(address, error);
  const auto socket = std::make_shared<UdpSocket>(runtime_.io(), side);
  const auto protocol = at.is_v6() ? udp::v6() : udp::v4();
  Fd left = error ? Fd() : kept.take(address, port, SOCK_DGRAM);
  if (left) {
    socket->socket.assign(protocol, left.release(), error);
  } else if (!error) {
    socket->socket.open(protocol, error);
    if (!error) socket->socket.bind({at, port}, error);
  }
  if (!error) socket->socket.non_blocking(true, error);
  if (error) {
    return fail(ErrorCode::kFailed, fmt::format("DNS: cannot listen on {} port {}: {}", address,
                                                port, error.message()));
  }
  const std::uint16_t taken = socket->socket.local_endpoint().port();
  socket->tcp = kept.take(address, taken, SOCK_STREAM);
  if (!socket->tcp) {
    auto listener = listen_on_tcp(address, taken);
    if (!listener) return fail(std::move(listener).error());
    socket->tcp = std::move(listener->socket);
  }
  udp_.push_back(socket);
  return taken;
}

std::vector<int> DnsServer::descriptors() const {
  std::vector<int> all;
  for (const auto& socket : udp_) {
    all.push_back(socket->socket.native_handle());
    if (socket->tcp) all.push_back(socket->tcp.get());
  }
  for (const auto& listener : tcp_) all.push_back(listener->descriptor());
  return all;
}

void DnsServer::begin(DnsSide which) {
  for (const auto& socket : udp_) {
    if (socket->side != which || std::exchange(socket->begun, true)) continue;
    const auto serve = [this, side = socket->side](std::shared_ptr<ByteStream> stream, HttpPeer) {
      return tcp_loop(std::move(stream), side);
    };
    tcp_.push_back(std::make_unique<TcpListener>(runtime_, group_, serve, kMaxTcpConnections));
    group_.spawn("dns", udp_loop(socket));
    tcp_.back()->listen(std::move(socket->tcp));
  }
}

void DnsServer::close() {
  for (const auto& socket : udp_) {
    error_code ignored;
    socket->socket.close(ignored);
  }
  udp_.clear();
  tcp_.clear();
}

std::optional<std::string> DnsServer::answer_now(std::string_view message, DnsSide side, bool tcp,
                                                 dns::Query& query) const {
  dns::ParsedQuery parsed = dns::parse_query(message);
  if (parsed.refusal) return dns::build_refusal(*parsed.refusal);
  if (!parsed.query) return std::string();
  query = std::move(*parsed.query);
  std::optional<dns::Answer> answer =
      side == DnsSide::kUplink ? zone_.answer_uplink(query) : zone_.answer_inside(query);
  if (!answer && forwarding_ >= kMaxForwarding) answer = server_failure();
  if (!answer) return {};
  return dns::build_answer(query, *answer, tcp ? dns::kMaxMessageBytes : query.udp_bytes);
}

Task<void> DnsServer::udp_loop(std::shared_ptr<UdpSocket> socket) {
  while (socket->socket.is_open()) {
    const auto [error, count] = co_await socket->socket.async_receive_from(
        asio::buffer(socket->buffer), socket->from, asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted || !socket->socket.is_open()) co_return;
    if (error) continue;  // an ICMP error about an earlier answer
    dns::Query query;
    const auto answer = answer_now({socket->buffer.data(), count}, socket->side, false, query);
    if (!answer) {
      auto forward = std::make_unique<Forward>(Forward{socket, socket->from, std::move(query)});
      group_.spawn("dns forward", forward_udp(std::move(forward)));
      continue;
    }
    error_code ignored;
    if (!answer->empty()) socket->socket.send_to(asio::buffer(*answer), socket->from, 0, ignored);
  }
}

Task<void> DnsServer::forward_udp(std::unique_ptr<Forward> forward) {
  const dns::Query& query = forward->query;
  ++forwarding_;
  auto answer = co_await forwarder_.ask(query, false);
  --forwarding_;
  const std::string bytes =
      answer ? std::move(*answer) : dns::build_answer(query, server_failure(), query.udp_bytes);
  udp::socket& socket = forward->socket->socket;
  error_code ignored;
  if (socket.is_open()) socket.send_to(asio::buffer(bytes), forward->to, 0, ignored);
}

Task<void> DnsServer::tcp_loop(std::shared_ptr<ByteStream> stream, DnsSide side) {
  std::string received;
  while (true) {
    auto piece = co_await stream->read_some(4096, kTcpIdleLimit);
    if (!piece || piece->empty()) co_return;
    received += *piece;
    while (received.size() >= 2) {
      const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(received[0]))
                                     << 8 |
                                 static_cast<unsigned char>(received[1]);
      if (length > 4096) co_return;  // no query is that long
      if (received.size() < length + 2) break;
      const std::string message = received.substr(2, length);
      received.erase(0, length + 2);
      dns::Query query;
      auto answer = answer_now(message, side, true, query);
      if (!answer) {
        ++forwarding_;
        auto forwarded = co_await forwarder_.ask(query, true);
        --forwarding_;
        answer = forwarded ? std::move(*forwarded)
                           : dns::build_answer(query, server_failure(), dns::kMaxMessageBytes);
      }
      if (answer->empty()) co_return;
      const Status sent = co_await stream->write_all(framed(*answer), kTcpIdleLimit);
      if (!sent) co_return;
    }
  }
}

Task<void> DnsServer::stop() {
  close();
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft
