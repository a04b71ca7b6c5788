// The client's side of an upload: a folder of sources as a tar.zst stream.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "build/archive.h"
#include "net/byte_stream.h"
#include "task/pool.h"

namespace croft::build {

// What of `folder` is sent: all but .git folders and what .deployignore names, or when there is
// none what .gitignore files name, those of folders below included. Blocks a little (reads those
// files as the tree is walked). The filter refers to nothing outside itself.
Result<EntryFilter> source_filter(const std::filesystem::path& folder);

struct FolderSize {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

// Counts what would be sent. kTooLarge over limits.unpacked_bytes or limits.entries; the message
// names the largest folders and .deployignore. Blocks.
Result<FolderSize> measure_folder(const std::filesystem::path& folder, const ArchiveLimits& limits);

// measure_folder, then the stream; made while it is read. kNotFound when there is no such folder,
// kInvalid for a link that leaves it (named). Blocks while it measures.
Result<std::unique_ptr<ByteSource>> pack_folder(Pool& pool, const std::filesystem::path& folder,
                                                const ArchiveLimits& limits);

}  // namespace croft::build
