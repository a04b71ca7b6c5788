#include "core/dns_forwarder.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/deadline.h"
#include "net/socket_stream.h"

namespace croft {
namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;
namespace {

constexpr Millis kAttemptLimit{2000};
constexpr int kAttempts = 2;

// A socket that closes itself when the limit passes. Shared with the timer's handler.
struct Attempt {
  explicit Attempt(asio::io_context& io) : socket(io), timer(io) {}
  udp::socket socket;
  asio::steady_timer timer;
  std::array<char, dns::kMaxUdpBytes> buffer{};
};

void arm(const std::shared_ptr<Attempt>& attempt) {
  attempt->timer.expires_after(kAttemptLimit);
  attempt->timer.async_wait([weak = std::weak_ptr(attempt)](error_code error) {
    const auto alive = weak.lock();
    if (error || !alive) return;
    error_code ignored;
    alive->socket.close(ignored);
  });
}

Error no_answer(const dns::Query& query, const Resolver& resolver, std::string detail) {
  return {ErrorCode::kTimeout,
          fmt::format("DNS: {} did not answer for {}", resolver.address, dns::to_text(query.name)),
          std::move(detail)};
}

}  // namespace

std::uint16_t DnsForwarder::random_id() {
  return static_cast<std::uint16_t>(random_.below(0x10000));
}

Task<Result<std::string>> DnsForwarder::ask(dns::Query query, bool tcp) {
  Result<std::string> answer =
      fail(ErrorCode::kUnavailable, "DNS: no resolver is configured for names outside the project");
  for (int i = 0; i < kAttempts && !resolvers_.empty(); ++i) {
    const Resolver resolver = resolvers_[next_++ % resolvers_.size()];
    answer = tcp ? co_await ask_tcp(query, resolver) : co_await ask_udp(query, resolver);
    if (answer) break;
  }
  co_return answer;
}

Task<Result<std::string>> DnsForwarder::ask_udp(dns::Query query, Resolver resolver) {
  error_code error;
  const auto address = asio::ip::make_address(resolver.address, error);
  if (error) co_return fail(ErrorCode::kInvalid, "DNS: resolver is no address", resolver.address);
  const auto attempt = std::make_shared<Attempt>(runtime_.io());
  // Connected: the kernel gives a random port and takes answers from that server only.
  attempt->socket.connect({address, resolver.port}, error);
  const std::uint16_t id = random_id();
  const std::string message = dns::build_forwarded(query, id);
  if (!error) attempt->socket.send(asio::buffer(message), 0, error);
  if (error) co_return fail(no_answer(query, resolver, error.message()));
  arm(attempt);
  while (true) {
    const auto [failed, count] = co_await attempt->socket.async_receive(
        asio::buffer(attempt->buffer), asio::as_tuple(asio::use_awaitable));
    if (failed) co_return fail(no_answer(query, resolver, failed.message()));
    std::string answer(attempt->buffer.data(), count);
    if (!dns::is_answer_to(answer, query, id)) continue;
    attempt->timer.cancel();
    co_return dns::restore_answer(std::move(answer), query);
  }
}

Task<Result<std::string>> DnsForwarder::ask_tcp(dns::Query query, Resolver resolver) {
  const Deadline deadline(kAttemptLimit);
  auto stream = co_await connect_tcp(runtime_, resolver.address, resolver.port, kAttemptLimit);
  if (!stream) co_return fail(std::move(stream).error());
  const std::uint16_t id = random_id();
  const std::string message = dns::build_forwarded(query, id);
  std::string framed = {static_cast<char>(message.size() >> 8), static_cast<char>(message.size())};
  framed += message;
  const Status sent = co_await (*stream)->write_all(std::move(framed), deadline.remaining());
  if (!sent) co_return fail(sent.error());
  std::string received;
  while (true) {
    auto piece = co_await (*stream)->read_some(16384, deadline.remaining());
    if (!piece) co_return fail(std::move(piece).error());
    if (piece->empty()) co_return fail(no_answer(query, resolver, "closed the connection"));
    received += *piece;
    if (received.size() < 2) continue;
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(received[0]))
                                   << 8 |
                               static_cast<unsigned char>(received[1]);
    if (received.size() < length + 2) continue;
    std::string answer = received.substr(2, length);
    if (!dns::is_answer_to(answer, query, id)) {
      co_return fail(no_answer(query, resolver, "answered something else"));
    }
    co_return dns::restore_answer(std::move(answer), query);
  }
}

}  // namespace croft
