#include "task/broadcast.h"

namespace croft {
namespace {

// Out of the list also when the waiting task is destroyed.
class Entry {
 public:
  Entry(std::list<Timer*>& list, Timer& timer)
      : list_(list), at_(list.insert(list.end(), &timer)) {}
  Entry(const Entry&) = delete;
  ~Entry() { list_.erase(at_); }

 private:
  std::list<Timer*>& list_;
  std::list<Timer*>::iterator at_;
};

}  // namespace

void Broadcast::notify() {
  ++version_;
  for (Timer* timer : waiting_) timer->cancel();
}

Task<void> Broadcast::wait_past(std::uint64_t seen, Millis limit) {
  if (version_ != seen) co_return;
  Timer timer(runtime_.io().get_executor());
  const Entry entry(waiting_, timer);
  co_await timer.wait(limit);
}

}  // namespace croft
