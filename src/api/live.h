// Answers that stay open: events and followed logs. They wait for changes, show that they live,
// and end when their token is revoked or the client is gone.
#pragma once

#include <atomic>
#include <optional>

#include "api/api_handler.h"

namespace croft {

inline constexpr Millis kHeartbeat{15'000};
inline constexpr Millis kRecheck{3'000};  // of the token of an open answer
inline constexpr int kMaxLiveAnswers = 256;

class LiveAnswer {
 public:
  // kUnavailable when kMaxLiveAnswers are open: ask ok() first.
  LiveAnswer(ApiContext& context, ApiRequest& request);
  LiveAnswer(const LiveAnswer&) = delete;
  ~LiveAnswer();

  Status ok() const;
  Task<Status> write(std::string text);
  // Waits until something may have changed since the last call, at most `limit`; writes
  // `heartbeat` when nothing was written for kHeartbeat. An error means: end now.
  Task<Status> wait(Millis limit, std::string heartbeat);

 private:
  Task<Status> recheck();

  ApiContext& context_;
  ApiRequest& request_;
  bool counted_;
  std::uint64_t seen_;
  Millis last_write_;
  Millis last_check_;
};

}  // namespace croft
