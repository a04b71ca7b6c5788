#include "node/layer_guard.h"

#include <algorithm>

#include "base/log.h"

namespace croft::node {
namespace {

constexpr Millis kGlance{2000};
constexpr Millis kPeriod{30'000};
constexpr int kRest = 4;
constexpr int kRestUnhurried = 20;
constexpr std::uint64_t kQuickly = 1ull << 30;
constexpr Millis kEngineLimit{10'000};
// From the stop signal to the end: it goes on writing meanwhile.
constexpr Millis kGrace{10'000};
constexpr Millis kStopLimit{40'000};
constexpr int kSigkill = 9;

// Cores and the edge are croft's own, and write nothing.
bool is_limited(const ObservedContainer& container) {
  return container.running &&
         (container.role == "runtime" || container.role == "managed" || container.role == "build");
}

}  // namespace

LayerGuard::LayerGuard(Runtime& runtime, engine::ContainerEngine& engine, LayerMeter& meter,
                       Clock& clock, Containers containers, Signal& stopped_one)
    : engine_(engine),
      meter_(meter),
      clock_(clock),
      containers_(std::move(containers)),
      stopped_one_(stopped_one),
      wake_(runtime),
      group_(runtime) {}

void LayerGuard::start() {
  group_.spawn("layers", watch());
}

void LayerGuard::set_limits(WriteLimits limits) {
  if (limits == limits_) return;
  limits_ = limits;
  next_ = earliest_ = Millis(0);
  wake_.notify();
}

Task<void> LayerGuard::watch() {
  while (!stopping_) {
    if (limits_ != WriteLimits{} && co_await is_due()) {
      const Millis began = clock_.steady();
      co_await look();
      const Millis ended = clock_.steady();
      earliest_ = ended + kRest * (ended - began);
      next_ = ended + std::max(kPeriod, kRestUnhurried * (ended - began));
    }
    co_await wake_.wait_for(kGlance);
  }
}

Task<bool> LayerGuard::is_due() {
  const Millis now = clock_.steady();
  if (now >= next_) co_return true;
  if (now < earliest_ || sample_.empty() || !free_before_) co_return false;
  const auto free =
      co_await run_blocking(pool_, [this, layer = sample_] { return meter_.free_bytes(layer); });
  co_return free && *free + kQuickly < *free_before_;
}

Task<void> LayerGuard::look() {
  sample_.clear();
  const std::vector<ObservedContainer> all = containers_();
  for (const ObservedContainer& container : all) {
    if (is_limited(container) && !stopped_.contains(container.id)) co_await check(container);
  }
  free_before_.reset();
  if (sample_.empty()) co_return;
  const auto free =
      co_await run_blocking(pool_, [this, layer = sample_] { return meter_.free_bytes(layer); });
  if (free) free_before_ = *free;
}

Task<void> LayerGuard::check(ObservedContainer container) {
  auto info = co_await engine_.inspect_container(container.id, kEngineLimit);
  if (!info) co_return;
  if (!info->written.empty() && limits_.layer > 0) {
    co_await check_layer(container, info->written);
  }
  if (!info->volumes.empty()) co_await check_volumes(std::move(container), std::move(*info));
}

Task<std::optional<std::uint64_t>> LayerGuard::measure(std::string container,
                                                       std::vector<std::string> folders,
                                                       std::uint64_t enough) {
  std::uint64_t total = 0;
  for (const std::string& folder : folders) {
    const auto bytes = co_await run_blocking(
        pool_, [this, folder, rest = enough - total] { return meter_.written(folder, rest); });
    if (!bytes) {
      if (unknown_.insert(container).second) {
        log_warning("what a container writes cannot be measured",
                    {{"container", container}, {"error", bytes.error().describe()}});
      }
      co_return std::nullopt;
    }
    total += *bytes;
    if (total > enough) break;
  }
  co_return total;
}

Task<void> LayerGuard::check_layer(ObservedContainer container, std::string layer) {
  sample_ = layer;
  const auto limit = static_cast<std::uint64_t>(limits_.layer);
  const auto bytes = co_await measure(container.id, {std::move(layer)}, limit);
  if (!bytes || *bytes <= limit) co_return;
  log_warning("a container has written more than it may and is stopped",
              {{"container", container.id},
               {"role", container.role},
               {"service", container.service_id.str()},
               {"limit_bytes", limit}});
  co_await stop_container(std::move(container));
}

// The engine remembers who is frozen, so a new life of the agent goes on where the last one was.
Task<void> LayerGuard::check_volumes(ObservedContainer container, engine::ContainerInfo info) {
  const bool is_frozen = info.state == engine::ContainerInfo::State::kPaused;
  if (limits_.volumes <= 0 && !is_frozen) co_return;
  const auto limit = static_cast<std::uint64_t>(limits_.volumes);
  const auto bytes = co_await measure(container.id, std::move(info.volumes), limit);
  if (!bytes) co_return;
  const bool freeze = limit > 0 && *bytes > limit;
  // Before it stands still: whoever misses its answers is told why.
  const bool news = freeze ? frozen_.insert(container.id).second : frozen_.erase(container.id) > 0;
  if (news) stopped_one_.notify();
  if (freeze == is_frozen) co_return;
  log_warning(freeze ? "the volumes of a container hold more than they may and it is frozen"
                     : "a frozen container goes on",
              {{"container", container.id},
               {"service", container.service_id.str()},
               {"limit_bytes", limit}});
  const Status done = co_await engine_.set_paused(container.id, freeze, kEngineLimit);
  if (done || done.error().code() == ErrorCode::kNotFound) co_return;
  if (freeze) frozen_.erase(container.id);  // the next look tries again
  log_warning("a container could not be frozen, or go on",
              {{"container", container.id}, {"error", done.error().describe()}});
}

Task<void> LayerGuard::stop_container(ObservedContainer container) {
  // Before it ends: whoever hears of its end is told why.
  stopped_.insert(container.id);
  stopped_one_.notify();
  Status done;
  if (container.role == "build") {  // it has nothing to save
    done = co_await engine_.kill_container(container.id, kSigkill, kEngineLimit);
  } else {  // it leaves rotation first (croft-init)
    done = co_await engine_.stop_container(container.id, kGrace, kStopLimit);
  }
  const ErrorCode code = done ? ErrorCode::kNotFound : done.error().code();
  if (code == ErrorCode::kNotFound || code == ErrorCode::kConflict) co_return;  // it has ended
  stopped_.erase(container.id);  // the next look tries again
  log_warning("a container that has written too much was not stopped",
              {{"container", container.id}, {"error", done.error().describe()}});
}

void LayerGuard::mark(std::vector<ObservedContainer>& containers) {
  std::set<std::string> present;
  for (ObservedContainer& container : containers) {
    present.insert(container.id);
    container.disk_full = stopped_.contains(container.id);
    container.volume_full = container.running && frozen_.contains(container.id);
  }
  const auto gone = [&present](const std::string& id) { return !present.contains(id); };
  std::erase_if(stopped_, gone);
  std::erase_if(frozen_, gone);
  std::erase_if(unknown_, gone);
}

Task<void> LayerGuard::stop() {
  stopping_ = true;
  wake_.notify();
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft::node
