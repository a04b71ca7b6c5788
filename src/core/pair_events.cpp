#include "core/pair_events.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "base/fd.h"
#include "plan/core_pair.h"

namespace croft {
namespace asio = boost::asio;

namespace {

constexpr Millis kErrorPause{50};

// Takes what is there; what it says does not matter where `look` is empty.
template <typename State, typename Look>
Task<void> read_all(std::shared_ptr<State> state, Look look) {
  std::array<char, 4096> buffer;
  while (state->socket.is_open()) {
    const auto [error, count] = co_await state->socket.async_read_some(
        asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted) co_return;
    // A queue that ran over is a reason to look, too; that the partner is away (ICMP) is none to
    // end.
    if (error) co_await sleep_for(kErrorPause);
    if (look(std::string_view(buffer.data(), error ? 0 : count))) state->changed.notify();
  }
}

// The priority in an IPv4 packet with a VRRP advertisement; 0 when it is none.
int vrrp_priority(std::string_view packet) {
  if (packet.empty()) return 0;
  const std::size_t header = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  return packet.size() < header + 8 ? 0 : static_cast<unsigned char>(packet[header + 2]);
}

}  // namespace

struct AddressEvents::State {
  State(asio::io_context& io, Signal& s) : socket(io), changed(s) {}
  asio::posix::stream_descriptor socket;
  Signal& changed;
};

AddressEvents::AddressEvents(Runtime& runtime, Signal& changed)
    : state_(std::make_shared<State>(runtime.io(), changed)) {}

AddressEvents::~AddressEvents() {
  close();
}

Status AddressEvents::open() {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl at{};
  at.nl_family = AF_NETLINK;
  at.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    return fail(errno_error("listen for changes of addresses", errno));
  }
  state_->socket.assign(fd.release());
  return {};
}

Task<void> AddressEvents::run() {
  co_await read_all(state_, [](std::string_view) { return true; });
}

void AddressEvents::close() {
  boost::system::error_code ignored;
  state_->socket.close(ignored);
}

struct PartnerWatch::State {
  State(asio::io_context& io, Signal& s) : socket(io), changed(s) {}
  asio::posix::stream_descriptor socket;
  Signal& changed;
  int heard = 0;
};

PartnerWatch::PartnerWatch(Runtime& runtime, Signal& changed)
    : state_(std::make_shared<State>(runtime.io(), changed)) {}

PartnerWatch::~PartnerWatch() {
  close();
}

Status PartnerWatch::open(const std::string& partner) {
  sockaddr_in from{};
  from.sin_family = AF_INET;
  if (::inet_pton(AF_INET, partner.c_str(), &from.sin_addr) != 1) {
    return fail(ErrorCode::kInvalid, fmt::format("partner: \"{}\" is no IPv4 address", partner));
  }
  Fd fd(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, kVrrpNumber));
  if (!fd) {
    return fail(ErrorCode::kForbidden,
                "partner: its advertisements cannot be heard; the core needs NET_RAW");
  }
  // Only what comes from there is queued.
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
    return fail(errno_error(fmt::format("partner: listen for {}", partner), errno));
  }
  state_->heard = 0;
  state_->socket.assign(fd.release());
  return {};
}

bool PartnerWatch::is_open() const {
  return state_->socket.is_open();
}

Task<void> PartnerWatch::run() {
  State* state = state_.get();  // read_all() holds it
  co_await read_all(state_, [state](std::string_view packet) {
    return vrrp_priority(packet) > 0 && ++state->heard > 0;
  });
}

void PartnerWatch::close() {
  boost::system::error_code ignored;
  state_->socket.close(ignored);
}

int PartnerWatch::heard() const {
  return state_->heard;
}

}  // namespace croft
