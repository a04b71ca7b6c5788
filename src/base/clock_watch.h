// Whether the wall clock can be believed when things are deleted for their age. A clock that jumps
// (set by hand, a machine that woke up, a broken time server) must not make a year of logs look
// old.
#pragma once

#include "base/time.h"

namespace croft {

class ClockWatch {
 public:
  static constexpr Millis kTolerance{10 * 60'000};      // wall against steady, between two looks
  static constexpr Millis kQuarantine{24 * 3'600'000};  // steady time after a jump

  explicit ClockWatch(const Clock& clock);

  // Call it regularly. False for a day after the wall clock moved otherwise than time did; after
  // that the new time is taken for right.
  bool believable();

 private:
  const Clock& clock_;
  Timestamp wall_;
  Millis steady_;
  Millis doubted_until_{0};
};

}  // namespace croft
