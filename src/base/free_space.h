// Whether a disk has room for something that fills it.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace croft {

// With less free than this nothing is begun that fills a disk: uploads, builds, images. What runs
// goes on, and has the rest.
inline constexpr std::uint64_t kLeastFreeBytes = 2ull << 30;

// kExhausted names the folder, what is free and what to do. A folder that is not on this machine,
// such as that of a remote engine, is taken for good.
Status check_free_space(const std::filesystem::path& folder, std::uint64_t least_bytes);

}  // namespace croft
