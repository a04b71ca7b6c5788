// Tells what agents have stopped because it had written too much, and what they have frozen because
// its volumes hold too much: in the audit trail, as figures, and in `croft status`.
#pragma once

#include <map>
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

  std::int64_t stopped() const { return stopped_; }  // since the start
  std::int64_t frozen() const { return frozen_; }
  // Services, as project/service, whose containers were stopped within kStoppedShown; sorted.
  std::vector<std::string> recent() const;
  // Those with a container that is frozen now; sorted.
  std::vector<std::string> frozen_now() const;

 private:
  Task<Result<std::string>> note(ObservedContainer container);

  Store& store_;
  World& world_;
  Clock& clock_;
  std::map<std::string, std::string> seen_;  // container id: whose
  std::int64_t stopped_ = 0;
  std::int64_t frozen_ = 0;
  std::vector<std::pair<std::string, Millis>> recent_;  // and when, of the steady clock
};

}  // namespace croft
