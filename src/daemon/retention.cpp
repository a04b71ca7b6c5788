#include "daemon/retention.h"

#include "base/log.h"
#include "store/audit_chain.h"
#include "store/events.h"
#include "store/idempotency.h"
#include "store/processes.h"
#include "store/tokens.h"

namespace croft {
namespace {

// Of one run: the writer is held for some tens of milliseconds.
constexpr int kAuditAtOnce = 5'000;

}  // namespace

Task<Status> Retention::begin() {
  co_return co_await store_.write(
      [](Tx& tx) { return prune_idempotent(tx, Scope::platform(), true); });
}

// One transaction for each kind: other writers come in between.
Task<Status> Retention::reconcile() {
  if (!watch_.believable()) co_return Status{};
  const Timestamp now = clock_.now();
  const Scope all = Scope::platform();
  const auto processes = co_await store_.write(
      [&](Tx& tx) { return prune_processes(tx, all, now + -kProcessesKept); });
  if (!processes) co_return fail(processes.error());
  const auto events = co_await store_.write(
      [&](Tx& tx) { return prune_events(tx, all, now + -kEventsKept, kMaxEvents); });
  if (!events) co_return fail(events.error());
  const auto tokens =
      co_await store_.write([&](Tx& tx) { return prune_tokens(tx, all, now + -kTokensKept); });
  if (!tokens) co_return fail(tokens.error());
  CROFT_CO_TRY(co_await store_.write([&](Tx& tx) { return prune_idempotent(tx, all, false); }));
  const auto audit = co_await store_.write(
      [&](Tx& tx) { return prune_audit(tx, all, now + -kAuditKept, kAuditAtOnce); });
  if (!audit) co_return fail(audit.error());
  if (*processes + *events + *tokens + *audit > 0) {
    log_info(
        "old entries removed from the store",
        {{"processes", *processes}, {"events", *events}, {"tokens", *tokens}, {"audit", *audit}});
  }
  co_return Status{};
}

}  // namespace croft
