// One build under way: what the parts of BuildRunner share. For build_runner.cpp and
// build_cache.cpp.
#pragma once

#include "build/build_runner.h"

namespace croft::build {

inline constexpr Millis kCall{60'000};
inline constexpr Millis kTransfer{15 * 60'000};
inline constexpr const char* kSource = "/build/source";
inline constexpr const char* kDepthLabel = "croft.cache.depth";
inline constexpr const char* kScopeLabel = "croft.cache.scope";

struct BuildRunner::Running {
  const BuildJob& job;
  BuildTrace& trace;
  std::string key;
  bool prepared = false;  // the image has the prepare commands already
  int depth = 0;          // layers of earlier builds below
  std::unique_ptr<BuildContainer> container;
};

}  // namespace croft::build
