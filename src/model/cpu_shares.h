// Who goes first when the machine's CPUs are wanted by more than they can serve (goal R7): relative
// to a tenant's container, which has the engine's default of 1024.
#pragma once

#include <cstdint>

namespace croft {

// Cores and edge: everything that anyone sends or receives passes through them, for little work.
inline constexpr std::int64_t kPathCpuShares = 16'384;
// Builds, of tenants and of images: nobody waits for an answer, and compilers take all they get.
inline constexpr std::int64_t kBuildCpuShares = 128;

}  // namespace croft
