// Reads what the cores on this node report, as long as their sockets are there.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/core_state.h"
#include "node/core_files.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft::node {

class CoreRelay {
 public:
  // `changed` is notified when reports() differs; all outlive the relay.
  CoreRelay(Runtime& runtime, const CoreFiles& files, Signal& changed);
  CoreRelay(const CoreRelay&) = delete;

  // Starts following sockets that are new. Call it often; it costs one directory listing.
  void scan();
  // The last report of each core that is connected now.
  std::vector<CoreObserved> reports() const;

  // Ends all tasks. Call it before destruction.
  Task<void> stop();

 private:
  struct Follow {
    bool stopped = false;
    std::string line;  // last report as it came; empty: not connected
    CoreObserved report;
  };
  Task<void> follow(std::string socket, std::shared_ptr<Follow> state);
  // False when nobody listens there.
  Task<bool> follow_once(std::string socket, std::shared_ptr<Follow> state);

  Runtime& runtime_;
  const CoreFiles& files_;
  Signal& changed_;
  Group group_;
  std::map<std::string, std::shared_ptr<Follow>> followed_;
};

}  // namespace croft::node
