// Measuring in tests that hostile input stays cheap.
#pragma once

#include <ctime>

namespace croft::spec {

// Processor time of this program in seconds: unlike wall time it does not grow on a busy machine.
inline double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace croft::spec
