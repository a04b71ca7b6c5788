// How every call of the fake engine passes the fault hook.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "engine/fake/cluster.h"

namespace croft::engine {

// Runs `body`, a plain function, unless a fault keeps it from running. What `body` refers to must
// outlive the call, and the cluster's time where a fault may let it take effect after its timeout.
template <class F>
Task<std::invoke_result_t<F>> fake_call(FakeCluster& cluster, FakeCall call, Millis limit, F body) {
  using Answered = std::invoke_result_t<F>;
  const auto reachable = [&cluster, node = call.node] { return cluster.node(node).reachable; };
  const FakeFault fault = cluster.fault ? cluster.fault(call) : FakeFault();
  std::optional<Answered> early;
  if (fault.effect_first && reachable()) early.emplace(body());
  const Millis delay = fault.effect_after_timeout ? limit : fault.delay;
  if (delay > Millis(0)) co_await cluster.schedule.sleep(std::min(delay, limit));
  if (fault.effect_after_timeout) {
    cluster.schedule.after(*fault.effect_after_timeout, [reachable, body]() mutable {
      if (reachable()) (void)body();
    });
  }
  if (fault.delay > limit || fault.effect_after_timeout) {
    co_return fail(ErrorCode::kTimeout, fmt::format("{} {}: no answer", call.name, call.object));
  }
  if (!reachable()) {
    co_return fail(
        ErrorCode::kUnavailable,
        fmt::format("{} {}: the container engine does not answer", call.name, call.object));
  }
  if (fault.error && !fault.after_effect) co_return fail(Error(*fault.error));
  if (early) co_return std::move(*early);
  auto result = body();
  if (fault.error) co_return fail(Error(*fault.error));
  co_return result;
}

}  // namespace croft::engine
