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

// What of `folder` is sent: all but .git and what .gitignore files name, those of folders below
// included. A build may need what the bundle does not, so .deployignore is not asked here: it
// counts when the bundle is made (zerops-30loops.md A7). Blocks a little (reads those files as the
// tree is walked). The filter refers to nothing outside itself.
Result<EntryFilter> source_filter(const std::filesystem::path& folder);

struct FolderSize {
  std::uint64_t files = 0;  // and links; folders not counted
  std::uint64_t bytes = 0;  // before compression
};

// Counts what would be sent. kTooLarge over limits.unpacked_bytes or limits.entries; the message
// names the largest folders and .gitignore. Blocks.
Result<FolderSize> measure_folder(const std::filesystem::path& folder, const ArchiveLimits& limits);

struct PackedFolder {
  FolderSize size;
  std::unique_ptr<ByteSource> stream;  // tar.zst, made while it is read
};

// measure_folder, then the stream. `pool` must outlive it. kNotFound when there is no such folder,
// kInvalid for a link that leaves it (named). Blocks while it measures.
Result<PackedFolder> pack_folder(Pool& pool, const std::filesystem::path& folder,
                                 const ArchiveLimits& limits);

}  // namespace croft::build
