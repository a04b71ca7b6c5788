// Store: the desired state of the platform. Runs transactions on threads of its own, one that
// writes and a few that read, and resumes the caller on the caller's thread. With own threads,
// `random` must be thread safe. Destroy it before the Runtime whose tasks use it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "store/tx.h"
#include "task/pool.h"
#include "task/task.h"

namespace croft {

struct StoreOptions {
  int readers = 2;          // 1..16 threads; none when the database has one connection only
  int max_waiting = 512;    // transactions queued or running, of each kind; beyond: kUnavailable
  bool own_threads = true;  // false: transactions run inside the call, on the caller's thread
  // Without own threads: awaited before and after every transaction, where with them the caller
  // would wait. The simulator lets other tasks run there.
  std::function<Task<void>()> pause;
};

class Store {
 public:
  // Migrates, then checks that `keys` open what the database holds. kUnsupported: the schema is
  // newer than this program. kFailed: wrong keys. Blocks.
  static Result<std::unique_ptr<Store>> open(std::unique_ptr<SqlDatabase> database, MasterKeys keys,
                                             Clock& clock, Random& random, StoreOptions options);
  ~Store();
  Store(const Store&) = delete;

  // Runs `fn(Tx&)`, which returns a Result: on success the transaction is committed, durably; on
  // an error it is rolled back. `fn` runs on another thread while the caller waits; it may run
  // again (serialisation failure), so it must not change what it captured.
  template <class F>
  Task<std::invoke_result_t<F, Tx&>> write(F fn) {
    using R = std::invoke_result_t<F, Tx&>;
    const Ticket ticket(writes_waiting_, options_.max_waiting);
    if (!ticket) co_return overloaded();
    std::optional<R> result;
    std::int64_t event = 0;
    const Timestamp now = clock_.now();
    auto work = [&] {
      const Status done = write_now(now, event, [&](Tx& tx) { return assign(result, fn(tx)); });
      if (!done && (!result || *result)) result.emplace(fail(done.error()));
    };
    co_await run(writer_pool_.get(), std::function<void()>(work));
    if (event > 0 && on_events_) on_events_(event);
    co_return std::move(*result);
  }

  // The same for reading: `fn(const Tx&)` sees one consistent state.
  template <class F>
  Task<std::invoke_result_t<F, const Tx&>> read(F fn) {
    using R = std::invoke_result_t<F, const Tx&>;
    const Ticket ticket(reads_waiting_, options_.max_waiting);
    if (!ticket) co_return overloaded();
    std::optional<R> result;
    const Timestamp now = clock_.now();
    auto work = [&] {
      const Status done = read_now(now, [&](const Tx& tx) { return assign(result, fn(tx)); });
      if (!done && (!result || *result)) result.emplace(fail(done.error()));
    };
    co_await run((reads_on_writer() ? writer_pool_ : reader_pool_).get(),
                 std::function<void()>(work));
    co_return std::move(*result);
  }

  // Called on the thread that called write(), after a commit that appended events, with the last
  // one's id. Set once, before use.
  void on_events(std::function<void(std::int64_t)> listener) { on_events_ = std::move(listener); }

 private:
  // Counts one waiting transaction; false when there are too many.
  class Ticket {
   public:
    Ticket(std::shared_ptr<std::atomic<int>> count, int limit)
        : count_(std::move(count)), taken_(++*count_ <= limit) {}
    Ticket(const Ticket&) = delete;
    ~Ticket() { --*count_; }
    explicit operator bool() const { return taken_; }

   private:
    std::shared_ptr<std::atomic<int>> count_;  // a task may be destroyed after the store
    bool taken_;
  };

  Store(std::unique_ptr<SqlDatabase> database, MasterKeys keys, Clock& clock, Random& random,
        StoreOptions options);

  template <class R, class V>
  static Status assign(std::optional<R>& result, V value) {
    result.emplace(std::move(value));
    if (*result) return {};
    return fail(result->error());
  }
  static tl::unexpected<Error> overloaded();

  Status open_connections();
  Status check_keys();
  // On `pool`, or inside the call when it is null.
  Task<void> run(Pool* pool, std::function<void()> work);
  bool reads_on_writer() const { return readers_.empty(); }
  Status write_now(Timestamp now, std::int64_t& last_event_id,
                   const std::function<Status(Tx&)>& fn);
  Status read_now(Timestamp now, const std::function<Status(const Tx&)>& fn);

  std::unique_ptr<SqlDatabase> database_;
  Clock& clock_;
  Random& random_;
  Cipher cipher_;
  StoreOptions options_;
  std::function<void(std::int64_t)> on_events_;
  std::mutex mutex_;  // guards free_readers_, and the writer when reads use it
  std::unique_ptr<SqlConnection> writer_;
  std::vector<std::unique_ptr<SqlConnection>> readers_;
  std::vector<SqlConnection*> free_readers_;
  std::shared_ptr<std::atomic<int>> writes_waiting_ = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::atomic<int>> reads_waiting_ = std::make_shared<std::atomic<int>>(0);
  std::unique_ptr<Pool> writer_pool_;  // null without own threads
  std::unique_ptr<Pool> reader_pool_;  // last: its threads end before what they use
};

}  // namespace croft
