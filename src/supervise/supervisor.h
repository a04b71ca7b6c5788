// Keeps croftd and croft-node running, and tries new releases.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "supervise/child.h"
#include "supervise/release.h"
#include "supervise/upgrade.h"
#include "task/signal.h"

namespace croft::supervise {

// What /readyz of the croftd of `home` says. Fails when it does not answer within `limit`.
Task<Result<bool>> is_ready(Runtime& runtime, std::filesystem::path home, Millis limit);

// Runs the release's croftd on the state of `home`, to its end; the last line of what it says is
// the error. Blocks for 10 minutes at most.
Status run_croftd(const Release& release, const std::filesystem::path& home,
                  const std::vector<std::string>& words);

struct SupervisorOptions {
  std::filesystem::path home;
  std::string engine_socket;
  Release given;  // runs until the first upgrade
  // For croftd besides home, engine, programs and data, as it was given to us.
  std::vector<std::string> croftd_words;
  TrialLimits trial = {};
};

class Supervisor {
 public:
  // Both outlive it.
  Supervisor(Runtime& runtime, Clock& clock, SupervisorOptions options);
  Supervisor(const Supervisor&) = delete;

  // Until request_stop(); then both programs are stopped. The exit code.
  Task<int> run();
  void request_stop();

 private:
  // A program that is started again when it ends: at once, then after longer and longer pauses.
  struct Kept {
    Child child;
    Millis started{0};
    Millis next_start{0};
    Millis pause{0};
  };

  void keep(Kept& kept, const std::vector<std::string>& argv);
  void keep_both();
  std::vector<std::string> croftd_command(const Release& release) const;
  // Empty until croftd has said which node this is.
  std::vector<std::string> node_command(const Release& release) const;
  Task<void> stop_both();
  Task<void> stop_one(Kept* kept, Millis limit);

  // A trial of another release.
  void take_up_trial();
  Task<void> begin_trial(UpgradeRequest request);
  Task<void> look_at_trial();
  Task<void> go_back(std::string problem);
  void conclude(UpgradeAnswer answer);
  Task<bool> ready() const;
  Task<bool> back_again();
  Task<Status> ask_croftd(Release release, std::vector<std::string> words);
  Status use(const std::string& release);

  Runtime& runtime_;
  Clock& clock_;
  SupervisorOptions options_;
  Releases releases_;
  UpgradeFiles files_;
  Signal stop_;
  bool stopping_ = false;
  Kept croftd_;
  Kept node_;
  std::optional<Release> release_;  // that runs
  std::optional<UpgradeTrial> trial_;
  Millis trial_began_{0};
  Millis next_look_{0};
  int ends_in_trial_ = 0;
};

}  // namespace croft::supervise
