// Notices when another machine on a segment says that it has one of our addresses (an instance that
// spoofs the gateway, or a second active core).
//
// On a macvlan segment instances talk to each other without passing the core, so the core cannot
// stop such frames. What it can do is to say the truth again at once; what keeps instances from
// trying is that their containers have no NET_RAW and no NET_ADMIN.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "task/task.h"

namespace croft {

class AddressGuard {
 public:
  // Called with what was claimed and by which MAC, for each frame: the callee limits its reaction.
  using OnClaim = std::function<void(const IpAddress& address, const std::string& mac)>;

  AddressGuard(Runtime& runtime, OnClaim on_claim);
  AddressGuard(const AddressGuard&) = delete;
  ~AddressGuard();

  // Listens on `interface` for claims of `addresses`. kForbidden without NET_RAW.
  Status open(const std::string& interface, std::vector<IpAddress> addresses);
  // Reads until close().
  Task<void> run();
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft
