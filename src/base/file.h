// Files of state: read whole, replaced atomically.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace croft {

// The file's content. kNotFound when it is missing, kTooLarge when over `max_bytes`.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes = 64u << 20);

// Temporary name beside it, write, fsync, rename, fsync of the directory: after a crash the file
// has the old or the new content, never a mixture. `mode` as in chmod(2).
Status write_file_atomically(const std::filesystem::path& path, std::string_view content,
                             mode_t mode = 0644);

// The same; nothing is written, so no space is needed, when the file says it already.
Status write_file_if_changed(const std::filesystem::path& path, std::string_view content,
                             mode_t mode = 0644);

// mkdir -p with `mode` for the last directory.
Status make_directories(const std::filesystem::path& path, mode_t mode = 0755);

}  // namespace croft
