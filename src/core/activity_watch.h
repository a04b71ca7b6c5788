// The activity controller at work: tells the partner how this core is, hears how the partner is,
// and says when the active role is to be given away (plan/activity.h).
#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "core/vital_signs.h"
#include "model/core_state.h"
#include "plan/activity.h"
#include "plan/core_pair.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft {

class ActivityWatch {
 public:
  // `changed` is notified when the role is to be given away. All outlive it.
  ActivityWatch(Runtime& runtime, Clock& clock, Signal& changed, VitalSigns signs);
  ActivityWatch(const ActivityWatch&) = delete;

  // Speaks from `pair.own` to `pair.partner`, from now on; the address must be here. Call it often:
  // it does something only when the addresses differ, or when it could not open them before.
  Status converge(const PairAddresses& pair);
  // What this core knows of itself.
  void note(CoreRole role, bool rules_wrong);

  // Why the role is to be given away now; empty: it is not. Asked once for each time.
  std::string take_reason();
  // What is abnormal here; empty: nothing.
  const std::string& abnormal() const { return abnormal_; }

  Task<void> stop();

 private:
  struct Socket;
  Task<void> look();
  Task<void> speak(std::shared_ptr<Socket> socket);
  Task<void> hear(std::shared_ptr<Socket> socket);

  Runtime& runtime_;
  Clock& clock_;
  Signal& changed_;
  VitalSigns signs_;
  Group group_;
  ActivityController controller_;
  std::shared_ptr<Socket> socket_;
  PairAddresses pair_;

  CoreRole role_ = CoreRole::kFault;
  bool rules_wrong_ = false;
  bool looking_ = false;
  CoreVitals own_;
  std::string abnormal_;
  std::string reason_;
  std::optional<CoreVitals> partner_;  // of a standby, as told last
  Millis partner_at_{0};
};

}  // namespace croft
