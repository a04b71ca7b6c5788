#include "task/broadcast.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace croft {
namespace {

// Out of the list also when the waiting task is destroyed.
class Entry {
 public:
  Entry(std::list<boost::asio::steady_timer*>& list, boost::asio::steady_timer& timer)
      : list_(list), at_(list.insert(list.end(), &timer)) {}
  Entry(const Entry&) = delete;
  ~Entry() { list_.erase(at_); }

 private:
  std::list<boost::asio::steady_timer*>& list_;
  std::list<boost::asio::steady_timer*>::iterator at_;
};

}  // namespace

void Broadcast::notify() {
  ++version_;
  for (boost::asio::steady_timer* timer : waiting_) timer->cancel();
}

Task<void> Broadcast::wait_past(std::uint64_t seen, Millis limit) {
  if (version_ != seen) co_return;
  boost::asio::steady_timer timer(runtime_.io(), limit);
  const Entry entry(waiting_, timer);
  co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

}  // namespace croft
