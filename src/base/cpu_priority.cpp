#include "base/cpu_priority.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"

namespace croft {
namespace {

constexpr int kFirst = -10;

}  // namespace

void claim_cpu_priority() {
  if (::setpriority(PRIO_PROCESS, 0, kFirst) != 0 || ::getsid(0) != ::getpid()) return;
  const Fd session(::open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC));
  [[maybe_unused]] const auto ignored = session ? ::write(session.get(), "-10", 3) : 0;
}

void yield_cpu_priority(int niceness) {
  const int ours = std::max(::getpriority(PRIO_PROCESS, 0), 0);
  ::setpriority(PRIO_PROCESS, 0, ours + niceness);
}

}  // namespace croft
