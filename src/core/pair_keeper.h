// This core's part of the pair: prepares what keepalived and conntrackd need (the supervisor runs
// them), sees who holds the project's addresses, and sees to it that never two do.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/time.h"
#include "core/activity_watch.h"
#include "core/pair_events.h"
#include "model/core_state.h"
#include "network/core_network.h"
#include "plan/core_pair.h"
#include "task/group.h"
#include "task/pool.h"

namespace croft {

struct PairOptions {
  std::string slot = kCoreSlots[0];
  std::filesystem::path run_dir = "/run/croft";  // of this container alone
  std::uint16_t dns_port = 53;
  // From when the partner was asked for its connections until they are here. conntrackd does not
  // say; tens of thousands take less.
  Millis exchange_time{1000};
};

class PairKeeper {
 public:
  // All outlive the keeper. `pool` has one thread.
  PairKeeper(Runtime& runtime, CoreNetwork& network, Pool& pool, Clock& clock, Signal& changed,
             PairOptions options);
  PairKeeper(const PairKeeper&) = delete;

  // Brings about what can be, and looks who holds the addresses. Call it often. This core takes
  // part only from when it has `rules`, so that it never holds addresses without them.
  Task<Status> converge(const CoreDesired& desired, const CoreInterfaces& interfaces, bool rules);

  // The addresses are here, as of the last converge().
  bool active() const { return active_; }
  // kStandby only with all that a takeover needs.
  CoreRole role() const;
  // Of kFault; of the others what is abnormal, if anything is.
  std::string reason() const;
  Timestamp active_since() const { return active_since_; }
  // It is not yet known whether somebody else holds the addresses: look again soon.
  bool waiting() const { return !begun_; }

  Task<void> stop();

 private:
  Task<void> guard_addresses();
  Task<bool> may_begin(const CoreDesired& desired, const PairAddresses& addresses);
  Status write_files();
  void watch_partner(bool wanted, const std::string& partner);
  void note_role(bool holds);
  Task<void> exchange_connections();
  void watch_activity(const PairAddresses& addresses, bool rules);
  void end_keepalived(int signal_number);

  Runtime& runtime_;
  CoreNetwork& network_;
  Pool& pool_;
  Clock& clock_;
  PairOptions options_;
  Group group_;
  AddressEvents events_;
  PartnerWatch partner_;
  ActivityWatch activity_;

  bool begun_;
  bool listening_ = false;
  bool active_ = false;
  Timestamp active_since_;
  std::string reason_ = "it has just started";
  std::optional<PairConfig> config_;
  std::string table_;  // as tried last
  Millis next_check_{0};
  std::optional<Millis> asking_since_;
  // The conntrackd that has been told what this role needs: its socket, each start makes a new one.
  std::string exchanged_;
  std::string talk_problem_;
  Millis told_at_{0};  // then what was asked for has come
};

}  // namespace croft
