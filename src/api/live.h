// Answers that stay open: events and followed logs. They wait for changes, show that they live,
// and end when their token is revoked or the client is gone.
#pragma once

#include <optional>

#include "api/api_handler.h"

namespace croft {

inline constexpr Millis kHeartbeat{15'000};
inline constexpr Millis kRecheck{3'000};  // of the token of an open answer
// Open at once: of everybody, and of one user, who cannot take the others' share.
inline constexpr int kMaxLiveAnswers = 512;
inline constexpr int kMaxLiveAnswersOfUser = 256;

class LiveAnswer {
 public:
  // kUnavailable, or kRateLimited when it is the user's own share, when too many are open: ask ok()
  // first.
  LiveAnswer(ApiContext& context, ApiRequest& request);
  LiveAnswer(const LiveAnswer&) = delete;
  ~LiveAnswer();

  Status ok() const;
  Task<Status> write(std::string text);
  // Waits until something may have changed since the last call, at most `limit`; writes
  // `heartbeat` when nothing was written for kHeartbeat. An error means: end now.
  Task<Status> wait(Millis limit, std::string heartbeat);
  // Whether the caller may still do `action` in `project` (empty: none in particular): asks the
  // store, so that a revoked token or a lost role counts.
  Task<Status> recheck(Action action, ProjectId project);

 private:
  ApiContext& context_;
  ApiRequest& request_;
  std::string user_;
  bool counted_;  // within both limits
  std::uint64_t seen_;
  Millis last_write_;
  Millis last_check_;
};

}  // namespace croft
