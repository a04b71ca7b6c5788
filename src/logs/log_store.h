// The log store as the control plane uses it: appends from agents, searches, followers, retention.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock_watch.h"
#include "logs/log_query.h"
#include "store/sql.h"
#include "task/pool.h"
#include "task/signal.h"
#include "task/task.h"

namespace croft {

class LogDb;

class LogStore {
 public:
  // Blocks. See LogDb::open.
  static Result<std::unique_ptr<LogStore>> open(std::unique_ptr<SqlDatabase> database, Clock& clock,
                                                LogLimits limits);
  ~LogStore();
  LogStore(const LogStore&) = delete;

  // See LogDb::append: durable on success; repeating it is safe.
  Task<Status> append(std::string node, std::vector<LogRecord> records);
  // The agent protocol's bodies: records as NDJSON; cursors as a JSON list of LogCursor.
  Task<Status> append_ndjson(std::string node, std::string ndjson);
  Task<Result<std::string>> cursors_json(std::string node);

  Task<Result<LogPage>> query(LogQuery query);

  // Removes what is over the limits (nothing for its age for a day after the clock jumped), in
  // small steps between which appends get their turn. Call it every few minutes.
  Task<Status> retain();
  // For the next retain().
  void set_limits(LogLimits limits) { limits_ = limits; }

 private:
  friend class LogFollower;
  LogStore(std::unique_ptr<LogDb> db, Clock& clock, LogLimits limits);

  std::unique_ptr<LogDb> db_;
  Clock& clock_;
  LogLimits limits_;
  ClockWatch watch_;
  std::set<Signal*> followers_;
  // One append and one search at a time; the last member, so that it ends before what it uses.
  Pool pool_{2};
};

// Reads a query's lines and then those that come. `store` outlives it.
class LogFollower {
 public:
  LogFollower(Runtime& runtime, LogStore& store, LogQuery query);
  ~LogFollower();
  LogFollower(const LogFollower&) = delete;

  // The next lines, oldest first: at once when there are some, otherwise as soon as there are;
  // empty after `limit` without any.
  Task<Result<std::vector<LogLine>>> next(Millis limit);

 private:
  LogStore& store_;
  LogQuery query_;
  Signal signal_;
};

}  // namespace croft
