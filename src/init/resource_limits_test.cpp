#include "init/resource_limits.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace croft::init {
namespace {

bool at_most(decltype(RLIMIT_NOFILE) what, rlim_t most) {
  rlimit limit{};
  return ::getrlimit(what, &limit) == 0 && limit.rlim_max <= most && limit.rlim_cur <= most;
}

bool lower_own_descriptors(rlim_t to) {
  const rlimit limit{to, to};
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// In a child: limits cannot be raised again.
int in_child(bool (*work)()) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(ResourceLimits, AreLowered) {
  EXPECT_EQ(in_child([] {
              lower_resource_limits();
              return at_most(RLIMIT_NOFILE, kMaxDescriptors) && at_most(RLIMIT_CORE, 0);
            }),
            0);
}

TEST(ResourceLimits, AreNeverRaised) {
  EXPECT_EQ(in_child([] {
              if (!lower_own_descriptors(500)) return false;
              lower_resource_limits();
              return at_most(RLIMIT_NOFILE, 500);
            }),
            0);
}

}  // namespace
}  // namespace croft::init
