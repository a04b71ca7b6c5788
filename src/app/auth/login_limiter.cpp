#include "app/auth/login_limiter.h"

#include <algorithm>

namespace croft {

Millis LoginLimiter::wait_of(Entries& entries, const std::string& key) const {
  const auto found = entries.find(key);
  if (found == entries.end()) return Millis(0);
  const Millis since = clock_.steady() - found->second.last;
  if (since >= kForgetAfter) {
    entries.erase(found);
    return Millis(0);
  }
  const int beyond = found->second.failures - kFreeFailures;
  if (beyond < 0) return Millis(0);
  const Millis wait = std::min(kLongestWait, kFirstWait * (1 << std::min(beyond, 10)));
  return std::max(Millis(0), wait - since);
}

void LoginLimiter::count(Entries& entries, const std::string& key) {
  if (entries.size() >= kMaxEntries && !entries.contains(key)) {
    entries.erase(std::min_element(entries.begin(), entries.end(),
                                   [](auto& a, auto& b) { return a.second.last < b.second.last; }));
  }
  Entry& entry = entries[key];
  ++entry.failures;
  entry.last = clock_.steady();
}

Millis LoginLimiter::wait_for(const std::string& account, const std::string& peer) {
  const Millis by_peer = wait_of(peers_, peer);
  if (trusted_.contains({account, peer})) return by_peer;
  return std::max(by_peer, wait_of(accounts_, account));
}

void LoginLimiter::attempt(const std::string& account, const std::string& peer) {
  count(accounts_, account);
  count(peers_, peer);
}

void LoginLimiter::succeeded(const std::string& account, const std::string& peer) {
  accounts_.erase(account);
  peers_.erase(peer);
  if (trusted_.size() >= kMaxEntries) trusted_.erase(trusted_.begin());
  trusted_.emplace(account, peer);
}

}  // namespace croft
