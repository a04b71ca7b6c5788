#include "core/activity_watch.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/json_codec.h"
#include "base/log.h"

namespace croft {
namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

// What one core tells the other; more than these keys is of a newer croft.
struct PairMessage {
  CoreRole role = CoreRole::kFault;
  CoreVitals vitals;
};
BOOST_DESCRIBE_STRUCT(CoreVitals, (),
                      (rules_wrong, late_ms, connections_percent, dropped_percent,
                       throttled_percent, memory_percent))
BOOST_DESCRIBE_STRUCT(PairMessage, (), (role, vitals))

namespace {

constexpr Millis kLookPeriod{1000};
constexpr Millis kSpeakPeriod{500};
constexpr Millis kPartnerLimit{2000};  // then what it told is too old
constexpr Millis kErrorPause{500};
constexpr std::size_t kMaxMessage = 2048;

}  // namespace

struct ActivityWatch::Socket {
  explicit Socket(asio::io_context& io) : udp(io) {}
  udp::socket udp;
};

ActivityWatch::ActivityWatch(Runtime& runtime, Clock& clock, Signal& changed, VitalSigns signs)
    : runtime_(runtime),
      clock_(clock),
      changed_(changed),
      signs_(std::move(signs)),
      group_(runtime) {}

Status ActivityWatch::converge(const PairAddresses& pair) {
  if (!looking_) {
    group_.spawn("lateness", signs_.watch_lateness());
    group_.spawn("activity", look());
    looking_ = true;
  }
  if (socket_ && pair_.own == pair.own && pair_.partner == pair.partner) return {};
  error_code error;
  const auto own = asio::ip::make_address_v4(pair.own, error);
  const auto partner = asio::ip::make_address_v4(pair.partner, error);
  auto socket = std::make_shared<Socket>(runtime_.io());
  if (!error) socket->udp.open(udp::v4(), error);
  if (!error) socket->udp.bind({own, kPairTalkPort}, error);
  // Connected: the kernel takes what comes from there only.
  if (!error) socket->udp.connect({partner, kPairTalkPort}, error);
  if (error) return fail(ErrorCode::kUnavailable, "speak with the partner: " + error.message());
  if (socket_) {
    error_code ignored;
    socket_->udp.close(ignored);
  }
  socket_ = std::move(socket);
  pair_ = pair;
  partner_.reset();
  group_.spawn("speak", speak(socket_));
  group_.spawn("hear", hear(socket_));
  return {};
}

void ActivityWatch::note(CoreRole role, bool rules_wrong) {
  if (role == CoreRole::kActive && role_ != role) controller_.note_active(clock_.steady());
  role_ = role;
  rules_wrong_ = rules_wrong;
}

std::string ActivityWatch::take_reason() {
  return std::exchange(reason_, "");
}

Task<void> ActivityWatch::look() {
  while (true) {
    co_await sleep_for(kLookPeriod);
    own_ = signs_.take();
    own_.rules_wrong = rules_wrong_;
    std::string now = abnormality(own_);
    if (now != abnormal_) changed_.notify();
    abnormal_ = std::move(now);
    if (role_ != CoreRole::kActive) continue;
    if (clock_.steady() - partner_at_ > kPartnerLimit) partner_.reset();
    if (!controller_.gives_up(clock_.steady(), own_, partner_)) continue;
    reason_ = abnormal_;
    changed_.notify();
  }
}

Task<void> ActivityWatch::speak(std::shared_ptr<Socket> socket) {
  while (socket->udp.is_open()) {
    const std::string text = to_json_text(PairMessage{.role = role_, .vitals = own_});
    // A partner that is away is no error of this core's.
    co_await socket->udp.async_send(asio::buffer(text), asio::as_tuple(asio::use_awaitable));
    co_await sleep_for(kSpeakPeriod);
  }
}

Task<void> ActivityWatch::hear(std::shared_ptr<Socket> socket) {
  std::array<char, kMaxMessage> buffer;
  while (socket->udp.is_open()) {
    const auto [error, size] = co_await socket->udp.async_receive(
        asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      co_await sleep_for(kErrorPause);
      continue;
    }
    const auto message = from_json_text<PairMessage>(std::string_view(buffer.data(), size));
    if (!message || message->role != CoreRole::kStandby) {
      partner_.reset();
      continue;
    }
    partner_ = message->vitals;
    partner_at_ = clock_.steady();
  }
}

Task<void> ActivityWatch::stop() {
  if (socket_) {
    error_code ignored;
    socket_->udp.close(ignored);
  }
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft
