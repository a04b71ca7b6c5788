// How every call of the fake engine passes the fault hook.
#pragma once

#include <fmt/format.h>

#include <string>
#include <type_traits>
#include <utility>

#include "engine/fake/cluster.h"

namespace croft::engine {

// Runs `body`, a plain function, unless a fault keeps it from running. What `body` refers to must
// outlive the call.
template <class F>
Task<std::invoke_result_t<F>> fake_call(FakeCluster& cluster, FakeCall call, Millis limit, F body) {
  const FakeFault fault = cluster.fault ? cluster.fault(call) : FakeFault();
  if (fault.delay > Millis(0)) co_await cluster.schedule.sleep(std::min(fault.delay, limit));
  if (fault.delay > limit) {
    co_return fail(ErrorCode::kTimeout, fmt::format("{} {}: no answer", call.name, call.object));
  }
  if (!cluster.node(call.node).reachable) {
    co_return fail(
        ErrorCode::kUnavailable,
        fmt::format("{} {}: the container engine does not answer", call.name, call.object));
  }
  if (fault.error && !fault.after_effect) co_return fail(Error(*fault.error));
  auto result = body();
  if (fault.error) co_return fail(Error(*fault.error));
  co_return result;
}

}  // namespace croft::engine
