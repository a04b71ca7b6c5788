// What passes between `croftd --upgrade` and the supervisor: files below CROFT_HOME/run and state,
// each written whole. One upgrade at a time.
//
// The order: the asking program copies the release in and takes a snapshot of the state, then asks.
// The supervisor notes the trial, starts both programs of the new release, and waits until croftd
// is ready. When it is not in time, or ends again and again, the old release is started: after
// putting back the snapshot if it can not work with the state any more.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json_codec.h"
#include "base/time.h"

namespace croft::supervise {

struct UpgradeRequest {
  std::string id;       // of this one; its answer bears it
  std::string release;  // name in Releases; empty: the given one
  // Puts back the state as it was before the current release ran: going back to one that cannot
  // work with what the current one has made of it.
  bool restore = false;
};
BOOST_DESCRIBE_STRUCT(UpgradeRequest, (), (id, release, restore))

struct UpgradeTrial {
  UpgradeRequest request;
  std::string from;         // the release that ran
  bool going_back = false;  // it failed
  std::string problem;      // why
};
BOOST_DESCRIBE_STRUCT(UpgradeTrial, (), (request, from, going_back, problem))

struct UpgradeAnswer {
  std::string id;
  bool done = false;      // false: the old release runs, as before
  std::string release;    // that runs now; empty: the given one
  std::string problem;    // why it was not done
  bool restored = false;  // the state is that of the snapshot
};
BOOST_DESCRIBE_STRUCT(UpgradeAnswer, (), (id, done, release, problem, restored))

// The three files. Reading what is not there is nullopt; what cannot be read counts as not there,
// with a warning.
class UpgradeFiles {
 public:
  explicit UpgradeFiles(std::filesystem::path home);

  Status ask(const UpgradeRequest& request) const;
  std::optional<UpgradeRequest> asked() const;
  Status note(const UpgradeTrial& trial) const;  // and takes the request away
  std::optional<UpgradeTrial> noted() const;
  Status answer(const UpgradeAnswer& answer) const;  // and takes the note away
  std::optional<UpgradeAnswer> answered() const;

 private:
  std::filesystem::path request_;
  std::filesystem::path trial_;
  std::filesystem::path answer_;
};

// What a trial comes to.
enum class Verdict : std::uint8_t { kWait, kGood, kBad };

struct TrialSigns {
  Millis since_start{0};  // of the trial
  Millis running{0};      // both programs, without having ended
  int ends = 0;           // of croftd and croft-node, since the trial began
  bool ready = false;     // what /readyz says
};

struct TrialLimits {
  // A new release may have to make images first.
  Millis whole{600'000};
  // So long both programs run before being ready counts.
  Millis settled{3'000};
  int most_ends = 3;
  // After going back, until the platform is ready again.
  Millis back{60'000};
};

// Good: ready, and settled. Bad: more ends than that, or not good in time.
Verdict judge(const TrialSigns& signs, const TrialLimits& limits);

}  // namespace croft::supervise
