#include "node/layer_meter.h"

#include <fmt/format.h>
#include <fts.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace croft::node {
namespace {

constexpr std::uint64_t kBlock = 512;  // unit of st_blocks
// An inode takes room too: else a million empty files would count as nothing.
constexpr std::uint64_t kPerFile = 1024;

}  // namespace

Result<std::uint64_t> FileMeter::written(const std::filesystem::path& layer, std::uint64_t enough) {
  std::string path = layer.string();
  char* const roots[] = {path.data(), nullptr};
  // Never through a link that a tenant made, nor onto another file system.
  const std::unique_ptr<FTS, decltype(&::fts_close)> walk(
      ::fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, nullptr), &::fts_close);
  if (!walk) return fail(errno_error(fmt::format("look through {}", path), errno));
  std::uint64_t bytes = 0;
  while (bytes <= enough) {
    errno = 0;
    const FTSENT* entry = ::fts_read(walk.get());
    if (entry == nullptr) {
      if (errno == 0) break;
      return fail(errno_error(fmt::format("look through {}", path), errno));
    }
    if (entry->fts_info == FTS_DP) continue;  // a folder, seen before what is in it
    if (entry->fts_level == FTS_ROOTLEVEL) {
      if (entry->fts_errno != 0) {
        return fail(errno_error(fmt::format("look through {}", path), entry->fts_errno));
      }
      continue;  // the engine's own folder
    }
    // What went while we looked has no data.
    if (entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR) continue;
    // Several names of one file share its bytes.
    const auto names = std::max<std::uint64_t>(1, entry->fts_statp->st_nlink);
    const auto blocks = static_cast<std::uint64_t>(entry->fts_statp->st_blocks) * kBlock;
    bytes += kPerFile + (S_ISDIR(entry->fts_statp->st_mode) ? blocks : blocks / names);
  }
  return bytes;
}

Result<std::uint64_t> FileMeter::free_bytes(const std::filesystem::path& layer) {
  struct statvfs info{};
  if (::statvfs(layer.c_str(), &info) != 0) {
    return fail(errno_error(fmt::format("statvfs {}", layer.string()), errno));
  }
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

}  // namespace croft::node
