// What happens in one simulation: what users do and what goes wrong, all of it from the seed.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"

namespace croft::sim {

// How the containers of a version behave.
enum class Behaviour : std::uint8_t {
  kGood,
  kSlow,         // ready only after many seconds
  kExits,        // its process ends at once
  kNeverReady,   // runs, but its readiness check fails until croft-init gives up
  kOutOfMemory,  // killed while it starts
  kCannotStart,  // the engine cannot start it
  kBuildFails,   // no bundle
  kImageFails,   // no image
  kShutsDown,    // good, with deploy.temporaryShutdown
  kCount,
};
std::string to_string(Behaviour behaviour);

struct Op {
  enum class Kind : std::uint8_t {
    kImport,
    kDeploy,
    kSetVariable,
    kScale,
    kRollback,
    kRestart,
    kStop,
    kStart,
    kCancel,
    kCreateService,
    kDeleteService,
    kDeleteProject,
  };
  Millis at{0};
  Kind kind = Kind::kImport;
  int project = 0;
  std::string service;
  Behaviour behaviour = Behaviour::kGood;  // kDeploy
  // kScale: containers; kCancel: which process, at which step; kImport: 1 with a second group
  // of managed services.
  int number = 0;
};
std::string to_string(const Op& op);

struct Fault {
  enum class Kind : std::uint8_t {
    kKillAtFailpoint,  // croftd, at the n-th failpoint passed after `at`
    kKillAtCommit,     // croftd, right after its n-th commit
    kKillBeforeCall,   // croftd, before its n-th call that changes the engine
    kKillAfterCall,    // croftd, when the engine has done it and before it heard so
    kKill,             // croftd, at this instant
    kKillAgent,        // croft-node
    kEngineErrors,     // n of 100 calls fail without an effect
    kLostReplies,      // n of 100 calls work, and their answer is lost
    kSlowEngine,       // calls take up to n ms
    kEngineAway,       // the engine does not answer; its containers run on
    kDiskFull,         // commits fail
    kClockJump,        // the wall clock jumps by n s
    kCrashContainer,   // the n-th container of a service ends by itself
    kUnhealthy,        // the n-th container of a service fails its health check for a while
    kCrashCore,        // the n-th core's container ends
    kLateReports,      // reports of the agent take up to n ms
    kRepeatedReports,  // reports come twice, the second one late
    kLinkDown,         // agent and croftd do not reach each other
    kHostErrors,       // the agent cannot change the machine's network
    kEdgeDown,
    kStaleReads,   // what is read of the engine is up to n ms old when it arrives
    kLateEffects,  // changes of the engine time out, and take effect up to n ms later
    kCount,
  };
  Millis at{0};
  Millis until{0};  // of those that last
  Kind kind = Kind::kKill;
  int number = 1;
};
std::string to_string(const Fault& fault);

struct Plan {
  std::uint64_t seed = 0;
  std::vector<Op> ops;
  std::vector<Fault> faults;
  Millis quiet_at{0};  // everything is over by then

  // Operations and faults in one numbering, operations first; for leaving some out.
  std::size_t size() const { return ops.size() + faults.size(); }
  std::string describe(std::size_t item) const;
};

Plan make_plan(std::uint64_t seed);
// The same without some of its items.
Plan without(const Plan& plan, const std::set<std::size_t>& left_out);

}  // namespace croft::sim
