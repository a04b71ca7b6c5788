#include "node/container_watch.h"

#include "base/described.h"
#include "base/log.h"

namespace croft::node {
namespace {

constexpr Millis kPeriod{5000};
constexpr Millis kEngineLimit{10'000};
constexpr Millis kRetryPause{1000};
// A container's start comes as several events; one look answers them all.
constexpr Millis kCoalesce{30};

}  // namespace

ContainerWatch::ContainerWatch(Runtime& runtime, engine::Engine& engine, std::string install_id,
                               Signal& changed)
    : engine_(engine),
      install_id_(std::move(install_id)),
      changed_(changed),
      observer_(engine, install_id_),
      priority_(engine),
      wake_(runtime),
      group_(runtime) {}

void ContainerWatch::start() {
  group_.spawn("engine events", listen());
  group_.spawn("containers", look());
}

Task<void> ContainerWatch::listen() {
  while (!stopping_) {
    auto stream = co_await engine_.events(std::nullopt, kEngineLimit);
    if (stream) wake_.notify();  // what happened before the stream was open
    while (stream && !stopping_) {
      auto event = co_await (*stream)->next();
      if (!event) break;
      if (event->kind != engine::Event::Kind::kContainer) continue;
      const auto label = event->attributes.find("croft.install");
      if (label != event->attributes.end() && label->second == install_id_) wake_.notify();
    }
    if (!stopping_) co_await sleep_for(kRetryPause);
  }
}

Task<void> ContainerWatch::look() {
  bool answered = true;
  while (!stopping_) {
    auto seen = co_await observer_.observe();
    if (seen) {
      const bool differs = !containers_ || !same(*containers_, *seen);
      containers_ = std::move(*seen);
      if (differs) changed_.notify();
      co_await priority_.apply(*containers_);
    } else if (answered) {
      log_warning("the engine does not list containers", {{"error", seen.error().describe()}});
    }
    answered = seen.has_value();
    const bool woken = co_await wake_.wait_for(kPeriod);
    if (woken && !stopping_) co_await sleep_for(kCoalesce);
  }
}

Task<void> ContainerWatch::stop() {
  stopping_ = true;
  wake_.notify();
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft::node
