// Where the source archive of a version is put.
#pragma once

#include <cstdint>
#include <filesystem>

#include "net/byte_stream.h"
#include "task/pool.h"

namespace croft {

// Writes the body to `archive`, whose folder is made for it, checks it whole and answers its size.
// When that fails, the folder goes again.
Task<Result<std::uint64_t>> receive_into(Pool& pool, ByteSource& body,
                                         std::filesystem::path archive);

}  // namespace croft
