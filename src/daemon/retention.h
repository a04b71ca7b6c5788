// Retention: how long croft keeps what is over. Of the audit trail the oldest part goes after
// kAuditKept (store/audit_chain.h), and what stays can still be verified.
#pragma once

#include <string>

#include "base/clock_watch.h"
#include "reconcile/loop.h"
#include "store/store.h"

namespace croft {

inline constexpr Millis kRetentionPeriod{3600 * 1000};
// Events are what a client that was away asks for again; older ones are told as a reset.
inline constexpr Millis kEventsKept{Millis(24 * 3600 * 1000) * 7};
inline constexpr int kMaxEvents = 100'000;
// After their end, with their logs. Versions and their bundles have a rule of their own.
inline constexpr Millis kProcessesKept{Millis(24 * 3600 * 1000) * 30};
// After they expired or were revoked, so that a list still explains why one is refused.
inline constexpr Millis kTokensKept{Millis(24 * 3600 * 1000) * 30};

// Removes nothing for a day after the wall clock jumped.
class Retention final : public Reconciler {
 public:
  Retention(Store& store, Clock& clock) : store_(store), clock_(clock), watch_(clock) {}

  // Before requests come: those that the croftd before did not answer are answered by nobody, and
  // their Idempotency-Keys would be refused until they expire.
  Task<Status> begin();

  std::string name() const override { return "retention"; }
  Task<Status> reconcile() override;

 private:
  Store& store_;
  Clock& clock_;
  ClockWatch watch_;
};

}  // namespace croft
