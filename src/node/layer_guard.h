// Keeps what tenants' containers and builds write within limits: the engine has none for the
// services of a swarm. One that has written too much beside its volumes is stopped; the swarm
// starts an instance anew with an empty layer, a build fails. One whose volumes hold too much is
// frozen, which loses nothing: a database would only start again with the same data.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/engine.h"
#include "model/node_state.h"
#include "node/layer_meter.h"
#include "task/group.h"
#include "task/pool.h"
#include "task/signal.h"

namespace croft::node {

// In bytes; 0: none.
struct WriteLimits {
  std::int64_t layer = 0;    // NodeDesired::container_disk_bytes
  std::int64_t volumes = 0;  // NodeDesired::volume_bytes
  bool operator==(const WriteLimits&) const = default;
};

class LayerGuard {
 public:
  // What there is now, running or not.
  using Containers = std::function<std::vector<ObservedContainer>()>;
  // `stopped_one` is notified when mark() has something new to say; all outlive the guard.
  LayerGuard(Runtime& runtime, engine::ContainerEngine& engine, LayerMeter& meter, Clock& clock,
             Containers containers, Signal& stopped_one);
  LayerGuard(const LayerGuard&) = delete;

  // Looks every 30 s, or when more than 1 GiB of the disk went since; it rests for at least four
  // times as long as a look took.
  void start();
  // Others are looked after at once.
  void set_limits(WriteLimits limits);
  // Sets disk_full of those that it stopped, volume_full of those that are frozen.
  void mark(std::vector<ObservedContainer>& containers);

  // One look at all; what start() does again and again.
  Task<void> look();

  // Ends all tasks. Call it before destruction.
  Task<void> stop();

 private:
  Task<void> watch();
  // Whether it is time, or the disk fills quickly.
  Task<bool> is_due();
  Task<void> check(ObservedContainer container);
  Task<void> check_layer(ObservedContainer container, std::string layer);
  Task<void> check_volumes(ObservedContainer container, engine::ContainerInfo info);
  // Bytes below those folders, counted up to above `enough`; nullopt when that cannot be said.
  Task<std::optional<std::uint64_t>> measure(std::string container,
                                             std::vector<std::string> folders,
                                             std::uint64_t enough);
  Task<void> stop_container(ObservedContainer container);

  engine::ContainerEngine& engine_;
  LayerMeter& meter_;
  Clock& clock_;
  Containers containers_;
  Signal& stopped_one_;
  Signal wake_;
  Pool pool_{1};
  Group group_;
  bool stopping_ = false;
  WriteLimits limits_;
  Millis next_{0};      // the next look, of the steady clock
  Millis earliest_{0};  // however quickly the disk fills
  std::string sample_;  // a layer whose disk is asked for free bytes
  std::optional<std::uint64_t> free_before_;
  std::set<std::string> stopped_;  // container ids
  std::set<std::string> frozen_;
  std::set<std::string> unknown_;  // that cannot be measured; said in the log
};

}  // namespace croft::node
