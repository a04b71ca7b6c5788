// The health channel to every instance (docs/architecture.md, "Health channel").
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/init_config.h"
#include "net/byte_stream.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft {

struct HealthTarget {
  std::string id;
  std::vector<std::string> addresses;  // tried in turn
  bool operator==(const HealthTarget&) const = default;
};

struct HealthState {
  InstanceState state = InstanceState::kUnknown;
  std::string detail;
  bool tried = false;  // it has answered, or every address of it was tried in vain
  // croft-init has closed the channel and does not answer any more: its container has ended.
  bool ended = false;
};

// One small task per instance, some thousands at most.
class HealthMonitor {
 public:
  // `changed` is notified whenever an answer of health() may differ; it outlives the monitor.
  HealthMonitor(Runtime& runtime, Signal& changed, std::uint16_t port);
  HealthMonitor(const HealthMonitor&) = delete;

  // Begins and ends watching so that exactly these are watched.
  void set_targets(const std::vector<HealthTarget>& targets);
  // kUnknown for an instance that is not watched.
  HealthState health(const std::string& id) const;
  // Tells the instance whether it leads, now and after each reconnect.
  void set_leader(const std::string& id, bool leader);

  // Ends all tasks. Call it before destruction.
  Task<void> stop();

 private:
  struct Entry;
  struct Ending;
  Task<void> watch(std::shared_ptr<Entry> entry);
  Task<Ending> talk(std::shared_ptr<Entry> entry);
  Task<void> tell_leader(std::shared_ptr<Entry> entry);
  void set_state(Entry& entry, InstanceState state, std::string detail, bool ended);
  void begin_telling(const std::shared_ptr<Entry>& entry);
  static void end(Entry& entry);

  Runtime& runtime_;
  Signal& changed_;
  std::uint16_t port_;
  Group group_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace croft
