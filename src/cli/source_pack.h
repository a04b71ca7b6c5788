// The folder that `croft deploy` sends: found, described, streamed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/byte_stream.h"

namespace croft::cli {

struct SourcePack {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // before compression
  // tar, compressed with zstd: produced while it is read, never whole in memory.
  std::unique_ptr<ByteSource> stream;
};

// What `.deployignore` (or, without one, `.gitignore`) leaves of `folder`; `.git` never goes along.
// kTooLarge over `max_bytes` of files; kInvalid for a link that leads out of the folder.
Result<SourcePack> pack_source(const std::filesystem::path& folder, std::uint64_t max_bytes);

}  // namespace croft::cli
