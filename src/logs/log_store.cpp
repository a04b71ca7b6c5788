#include "logs/log_store.h"

#include "logs/log_db.h"

namespace croft {
namespace {

constexpr Millis kForEver{1000ll * 365 * 24 * 3600 * 1000};

}  // namespace

Result<std::unique_ptr<LogStore>> LogStore::open(std::unique_ptr<SqlDatabase> database,
                                                 Clock& clock, LogLimits limits) {
  auto db = LogDb::open(std::move(database));
  if (!db) return fail(std::move(db).error());
  return std::unique_ptr<LogStore>(new LogStore(std::move(*db), clock, limits));
}

LogStore::LogStore(std::unique_ptr<LogDb> db, Clock& clock, LogLimits limits)
    : db_(std::move(db)), clock_(clock), limits_(limits), watch_(clock) {}

LogStore::~LogStore() = default;

Task<Status> LogStore::append(std::string node, std::vector<LogRecord> records) {
  const Timestamp now = clock_.now();
  LogDb& db = *db_;
  const auto work = [&db, &node, &records, now] { return db.append(node, records, now); };
  const auto stored = co_await run_blocking(pool_, work);
  if (!stored) co_return fail(stored.error());
  if (*stored > 0) {
    for (Signal* follower : followers_) follower->notify();
  }
  co_return Status();
}

Task<Status> LogStore::append_ndjson(std::string node, std::string ndjson) {
  auto records = read_log_records(ndjson);
  if (!records) co_return fail(std::move(records).error());
  co_return co_await append(std::move(node), std::move(*records));
}

Task<Result<std::string>> LogStore::cursors_json(std::string node) {
  LogDb& db = *db_;
  const auto work = [&db, &node] { return db.cursors(node); };
  const auto cursors = co_await run_blocking(pool_, work);
  if (!cursors) co_return fail(cursors.error());
  co_return to_json_text(*cursors);
}

Task<Result<LogPage>> LogStore::query(LogQuery query) {
  LogDb& db = *db_;
  const auto work = [&db, &query] { return db.query(query); };
  co_return co_await run_blocking(pool_, work);
}

Task<Status> LogStore::retain() {
  LogDb& db = *db_;
  for (;;) {
    const Timestamp now = clock_.now();
    LogLimits limits = limits_;
    if (!watch_.believable()) limits.max_age = kForEver;
    const auto work = [&db, limits, now] { return db.retain(limits, now); };
    const auto gone = co_await run_blocking(pool_, work);
    if (!gone) co_return fail(gone.error());
    if (*gone == 0) co_return Status();
  }
}

LogFollower::LogFollower(Runtime& runtime, LogStore& store, LogQuery query)
    : store_(store), query_(std::move(query)), signal_(runtime) {
  store_.followers_.insert(&signal_);
}

LogFollower::~LogFollower() {
  store_.followers_.erase(&signal_);
}

Task<Result<std::vector<LogLine>>> LogFollower::next(Millis limit) {
  for (;;) {
    auto page = co_await store_.query(query_);
    if (!page) co_return fail(std::move(page).error());
    const bool first = !query_.after.has_value();
    query_.after = page->next;
    if (!page->lines.empty()) co_return std::move(page->lines);
    // A search that gave up after many rows that do not match goes on at once.
    if (page->more && !first) continue;
    const bool woken = co_await signal_.wait_for(limit);
    if (!woken) co_return std::vector<LogLine>();
  }
}

}  // namespace croft
