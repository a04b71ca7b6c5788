// Token buckets by key, in memory: so many a second, and a burst. Bounded: beyond kMaxKeys the
// bucket that was used longest ago is forgotten, which is as good as full.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "base/time.h"

namespace croft {

struct RequestRate {
  double per_second = 0;  // > 0
  double burst = 0;       // >= 1
};

class RateLimiter {
 public:
  static constexpr std::size_t kMaxKeys = 10'000;

  // Outlives it.
  explicit RateLimiter(const Clock& clock) : clock_(clock) {}

  // Takes one. Zero: go ahead; otherwise how long until the next one would get through.
  Millis take(const std::string& key, const RequestRate& rate);
  // What take() would say, without taking.
  Millis wait_for(const std::string& key, const RequestRate& rate) const;
  bool knows(const std::string& key) const { return buckets_.contains(key); }
  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    double left = 0;
    Millis at{0};  // steady time of `left`
    std::list<std::string>::iterator place;
  };

  double left_now(const Bucket& bucket, const RequestRate& rate) const;
  static Millis wait_of(double left, const RequestRate& rate);

  const Clock& clock_;
  std::list<std::string> order_;  // least recently used first
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace croft
