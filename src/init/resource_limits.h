// What a process in a container may take that no cgroup counts.
#pragma once

#include <sys/resource.h>

namespace croft::init {

// Far more than a server of one container needs; 250 such containers stay below what a machine has.
inline constexpr rlim_t kMaxDescriptors = 65'536;

// Lowers the hard limits of this process and of all that it starts: descriptors, and no core dumps
// (they hold secrets, and a program of the host may take them). What is lower already stays;
// without CAP_SYS_RESOURCE, which containers lack, nobody raises them again.
void lower_resource_limits();

}  // namespace croft::init
