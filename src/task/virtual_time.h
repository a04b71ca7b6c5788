// VirtualTime: the waits of a Runtime end by a clock that somebody turns, in a fixed order. For the
// simulator: the same steps give the same run.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <optional>

#include "base/time.h"
#include "task/task.h"

namespace croft {

class VirtualTime final : public boost::asio::execution_context::service {
 public:
  using key_type = VirtualTime;
  static boost::asio::execution_context::id id;

  // Before anything on `runtime` waits. `clock` outlives the runtime, which owns the result.
  static VirtualTime& install(Runtime& runtime, const Clock& clock);
  // Null where none was installed.
  static VirtualTime* of(boost::asio::execution_context& context);

  // For install(), by way of Asio.
  explicit VirtualTime(boost::asio::execution_context& context);

  // Clock::steady() of the next end of a wait; nullopt when nobody waits.
  std::optional<Millis> next_due() const;
  // Ends the waits that are due, in the order of their ends, then of their beginnings.
  void run_due();

  // A wait, for Timer: cancels `timer` when it is due.
  class Entry {
   public:
    Entry(VirtualTime& time, Millis limit, boost::asio::steady_timer& timer);
    Entry(const Entry&) = delete;
    ~Entry();

   private:
    VirtualTime& time_;
    std::pair<Millis, std::uint64_t> key_;
  };

 private:
  void shutdown() override {}

  const Clock* clock_ = nullptr;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<Millis, std::uint64_t>, boost::asio::steady_timer*> waiting_;
};

}  // namespace croft
