// Slows down password guessing, per account and per peer, in memory. Failures beyond a free number
// cost a wait that doubles. An attacker cannot lock an owner out: a peer that has logged into an
// account before is not held up by what others try on that account.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/time.h"

namespace croft {

class LoginLimiter {
 public:
  static constexpr int kFreeFailures = 5;
  static constexpr Millis kFirstWait{1'000};
  static constexpr Millis kLongestWait{60'000};
  static constexpr Millis kForgetAfter{15 * 60'000};  // without a further failure
  static constexpr std::size_t kMaxEntries = 10'000;  // of accounts and of peers; oldest go

  explicit LoginLimiter(Clock& clock) : clock_(clock) {}

  // Zero: go ahead. `account` is the folded name, also of no existing user.
  Millis wait_for(const std::string& account, const std::string& peer);
  // Before the password is checked, so that attempts in parallel count too.
  void attempt(const std::string& account, const std::string& peer);
  void succeeded(const std::string& account, const std::string& peer);

 private:
  struct Entry {
    int failures = 0;
    Millis last{0};  // steady time
  };
  using Entries = std::map<std::string, Entry>;

  Millis wait_of(Entries& entries, const std::string& key) const;
  void count(Entries& entries, const std::string& key);

  Clock& clock_;
  Entries accounts_;
  Entries peers_;
  std::set<std::pair<std::string, std::string>> trusted_;  // (account, peer) that logged in
};

}  // namespace croft
