// Deadline: one limit spread over several waits.
#pragma once

#include <algorithm>
#include <chrono>

#include "net/byte_stream.h"

namespace croft {

class Deadline {
 public:
  explicit Deadline(Millis limit) : unlimited_(limit >= kFarOff) {
    if (!unlimited_) at_ = std::chrono::steady_clock::now() + limit;
  }

  // 0 when it has passed; kNoLimit when there is none.
  Millis remaining() const {
    if (unlimited_) return kNoLimit;
    const auto left = std::chrono::ceil<Millis>(at_ - std::chrono::steady_clock::now());
    return std::max(Millis(0), left);
  }

 private:
  // Longer than any machine is up: adding it to the clock could overflow.
  static constexpr Millis kFarOff{std::chrono::hours(24 * 365 * 20)};

  bool unlimited_;
  std::chrono::steady_clock::time_point at_;
};

}  // namespace croft
