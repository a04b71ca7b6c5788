// Tells what agents have stopped because it had written too much: in the audit trail, as a figure,
// and for a while in `croft status`.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "reconcile/world.h"
#include "store/store.h"

namespace croft {

inline constexpr Millis kStoppedShown{15 * 60'000};

class StoppedContainers {
 public:
  // All outlive it.
  StoppedContainers(Store& store, World& world, Clock& clock);

  // Notes what is new in the agents' reports: each container once in the life of croftd.
  Task<void> look();
  // look() at every change of the world, for ever.
  Task<void> watch();

  std::int64_t count() const { return count_; }
  // Services, as project/service, whose containers were stopped within kStoppedShown; sorted.
  std::vector<std::string> recent() const;

 private:
  Task<Result<std::string>> note(ObservedContainer container);

  Store& store_;
  World& world_;
  Clock& clock_;
  std::set<std::string> seen_;  // container ids
  std::int64_t count_ = 0;
  std::vector<std::pair<std::string, Millis>> recent_;  // and when, of the steady clock
};

}  // namespace croft
