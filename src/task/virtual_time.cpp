#include "task/virtual_time.h"

namespace croft {

namespace asio = boost::asio;

asio::execution_context::id VirtualTime::id;

VirtualTime::VirtualTime(asio::execution_context& context)
    : asio::execution_context::service(context) {}

VirtualTime& VirtualTime::install(Runtime& runtime, const Clock& clock) {
  auto& time = asio::use_service<VirtualTime>(static_cast<asio::execution_context&>(runtime.io()));
  time.clock_ = &clock;
  return time;
}

VirtualTime* VirtualTime::of(asio::execution_context& context) {
  if (!asio::has_service<VirtualTime>(context)) return nullptr;
  return &asio::use_service<VirtualTime>(context);
}

std::optional<Millis> VirtualTime::next_due() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first.first;
}

void VirtualTime::run_due() {
  for (auto it = waiting_.begin(); it != waiting_.end() && it->first.first <= clock_->steady();) {
    asio::steady_timer* timer = it->second;
    it = waiting_.erase(it);
    timer->cancel();
  }
}

VirtualTime::Entry::Entry(VirtualTime& time, Millis limit, asio::steady_timer& timer)
    : time_(time), key_(time.clock_->steady() + limit, time.sequence_++) {
  time_.waiting_.emplace(key_, &timer);
}

VirtualTime::Entry::~Entry() {
  time_.waiting_.erase(key_);
}

}  // namespace croft
