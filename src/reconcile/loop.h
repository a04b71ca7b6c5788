// Loop: wakes a reconciler by a signal and by a period, and shows how its last run went.
#pragma once

#include <functional>
#include <string>

#include "base/time.h"
#include "task/signal.h"
#include "task/task.h"

namespace croft {

// Brings the world one safe step nearer to the desired state; idempotent, takes no input, does not
// retry inside.
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual std::string name() const = 0;
  virtual Task<Status> reconcile() = 0;
};

class Loop {
 public:
  struct LastRun {
    Timestamp at;
    Millis took{0};
    Millis took_total{0};    // over all runs
    Millis succeeded_at{0};  // steady time of the end of the last run that did
    std::string error;       // empty: it succeeded
    std::int64_t runs = 0;
    std::int64_t failures = 0;
  };

  // Runs `reconciler` at once, after each wake() and every `period`; after a failure again after
  // 1 s, doubling up to `period`.
  Loop(Runtime& runtime, Clock& clock, Reconciler& reconciler, Millis period);

  void wake() { wake_.notify(); }
  Task<void> run();
  std::string name() const { return reconciler_.name(); }
  const LastRun& last_run() const { return last_; }

 private:
  Clock& clock_;
  Reconciler& reconciler_;
  Millis period_;
  Signal wake_;
  LastRun last_;
};

}  // namespace croft
