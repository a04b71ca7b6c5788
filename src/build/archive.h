// Archives as sequences of entries: read from a file or a folder, checked, mapped, written. All of
// it blocks: use it on a pool. Nothing here trusts what an archive says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace croft::build {

struct ArchiveEntry {
  enum class Type : std::uint8_t { kFile, kDirectory, kSymlink, kHardlink };
  std::string path;  // relative, normalised: "a/b"
  Type type = Type::kFile;
  unsigned mode = 0644;          // permission bits only: no setuid, setgid, sticky
  std::uint64_t size_bytes = 0;  // of a file
  std::int64_t mtime_s = 0;
  std::string link;  // target of a link; of a hard link a path in the same archive
};

// Entries one after the other, the content of each while it is the current one.
class EntrySource {
 public:
  virtual ~EntrySource() = default;
  virtual Result<std::optional<ArchiveEntry>> next() = 0;
  // The next piece of the current file, empty at its end; valid until the next call.
  virtual Result<std::string_view> read() = 0;
};

struct ArchiveLimits {
  std::uint64_t compressed_bytes = 512u << 20;
  std::uint64_t unpacked_bytes = 2ull << 30;
  std::uint64_t entries = 200'000;
  std::uint64_t ratio = 200;  // unpacked to compressed, once 64 MiB are unpacked
};
inline constexpr std::size_t kMaxPathBytes = 4096;

// What a person hands in is refused as a whole when it holds a link that leaves the archive, a hard
// link, a special file, a duplicate or a name that could mislead a reader. What comes out of a
// container may have links of both kinds to anywhere (special files are left out); its paths are
// checked all the same.
enum class ArchiveOrigin : std::uint8_t { kUpload, kContainer };

// A tar file, plain or compressed with zstd, gzip, bzip2 or xz.
// Errors: kInvalid names the entry; kTooLarge the cap.
Result<std::unique_ptr<EntrySource>> open_archive(const std::filesystem::path& file,
                                                  ArchiveOrigin origin,
                                                  const ArchiveLimits& limits);

// Takes an entry (and, for a directory, what lies below) or leaves it out.
using EntryFilter = std::function<bool(std::string_view path, bool is_directory)>;

// What lies below `folder`, sorted by name, directories before their content; links are not
// followed, special files left out. `filter` may be null. A folder that changes meanwhile gives an
// error that says so.
Result<std::unique_ptr<EntrySource>> open_tree(const std::filesystem::path& folder,
                                               EntryFilter filter);

// The path in its normal form. kInvalid for an absolute one, "..", control characters, direction
// overrides (U+202A…), text that is not UTF-8, steps over 255 and paths over 4096 bytes. "." gives
// an empty path.
Result<std::string> check_entry_path(std::string_view path);

// A symbolic link at `path` to `target` stays inside, whatever other links there are: its only ".."
// come first.
bool link_stays_inside(std::string_view path, std::string_view target);

// Unpacks into `folder`, which must not exist and is removed again on failure. Never writes through
// a link (openat2 RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS).
Status extract(EntrySource& entries, const std::filesystem::path& folder);

}  // namespace croft::build
