#include "fuzz.h"

namespace croft::fuzz {

std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

}  // namespace croft::fuzz
