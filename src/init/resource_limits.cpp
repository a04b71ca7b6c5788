#include "init/resource_limits.h"

#include <algorithm>

namespace croft::init {
namespace {

void lower(decltype(RLIMIT_NOFILE) what, rlim_t most) {
  rlimit limit{};
  if (::getrlimit(what, &limit) != 0) return;
  limit.rlim_max = std::min(limit.rlim_max, most);
  limit.rlim_cur = std::min(limit.rlim_cur, limit.rlim_max);
  (void)::setrlimit(what, &limit);  // lowering is always allowed
}

}  // namespace

void lower_resource_limits() {
  lower(RLIMIT_NOFILE, kMaxDescriptors);
  lower(RLIMIT_CORE, 0);
}

}  // namespace croft::init
