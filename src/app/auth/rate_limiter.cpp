#include "app/auth/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace croft {
namespace {

// Fractions of a token do not add up exactly.
constexpr double kTolerance = 1e-6;

}  // namespace

double RateLimiter::left_now(const Bucket& bucket, const RequestRate& rate) const {
  const double seconds = static_cast<double>((clock_.steady() - bucket.at).count()) / 1000;
  return std::min(rate.burst, bucket.left + seconds * rate.per_second);
}

Millis RateLimiter::wait_of(double left, const RequestRate& rate) {
  if (left >= 1 - kTolerance) return Millis(0);
  const double seconds = (1 - left) / rate.per_second;
  return std::max(Millis(1),
                  Millis(static_cast<std::int64_t>(std::ceil(seconds * 1000 - kTolerance))));
}

Millis RateLimiter::take(const std::string& key, const RequestRate& rate) {
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (buckets_.size() >= kMaxKeys) {
      buckets_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(key);
    found =
        buckets_.emplace(key, Bucket{rate.burst, clock_.steady(), std::prev(order_.end())}).first;
  }
  Bucket& bucket = found->second;
  order_.splice(order_.end(), order_, bucket.place);
  bucket.left = left_now(bucket, rate);
  bucket.at = clock_.steady();
  const Millis wait = wait_of(bucket.left, rate);
  if (wait == Millis(0)) bucket.left = std::max(0.0, bucket.left - 1);
  return wait;
}

Millis RateLimiter::wait_for(const std::string& key, const RequestRate& rate) const {
  const auto found = buckets_.find(key);
  if (found == buckets_.end()) return Millis(0);
  return wait_of(left_now(found->second, rate), rate);
}

}  // namespace croft
