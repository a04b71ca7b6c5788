// Receiving a source archive that somebody sends.
#pragma once

#include <filesystem>

#include "build/archive.h"
#include "net/byte_stream.h"
#include "task/pool.h"

namespace croft::build {

struct Upload {
  std::filesystem::path archive;  // as it was sent; kept: a build that is done again starts from it
  std::uint64_t bytes = 0;
};

// Writes the body to `archive` (tar.zst, tar.gz or tar), at most limits.compressed_bytes, and reads
// it once through, so that what is wrong is told while the sender listens: see open_archive.
// Nothing is left when it fails.
Task<Result<Upload>> receive_upload(Pool& pool, ByteSource& body, std::filesystem::path archive,
                                    ArchiveLimits limits);

// Unpacks a received archive into `folder`, which must not exist; blocks.
Status unpack_upload(const std::filesystem::path& archive, const std::filesystem::path& folder,
                     const ArchiveLimits& limits);

// Content of one file of a received archive, such as croft.yml; kNotFound when it is not there,
// kTooLarge over `max_bytes`. Blocks.
Result<std::string> read_from_upload(const std::filesystem::path& archive, std::string_view path,
                                     std::size_t max_bytes);

}  // namespace croft::build
