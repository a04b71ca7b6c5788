// What a test may let go wrong with single calls of the fake engine.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace croft::engine {

// For the fault hook: "create_service" on "croft-web".
struct FakeCall {
  std::string client;  // who asks, as its FakeEngine was told
  std::string node;
  std::string name;
  std::string object;
};

// What goes wrong with a call. With `error` alone the call has no effect; with `after_effect` it
// has, but its answer is lost.
struct FakeFault {
  Millis delay{0};
  std::optional<Error> error;
  bool after_effect = false;
  // The call is carried out at once and only its answer takes `delay`: what was read is old then.
  bool effect_first = false;
  // The caller waits in vain for its whole limit, and this much later the call takes effect. Only
  // for calls that change something by what they are given, not by streams.
  std::optional<Millis> effect_after_timeout;
};

}  // namespace croft::engine
