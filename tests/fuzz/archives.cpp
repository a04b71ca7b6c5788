#include <zstd.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "build/archive.h"
#include "build/upload.h"
#include "fuzz.h"

using namespace croft;
using build::ArchiveEntry;
using build::ArchiveOrigin;
namespace fs = std::filesystem;

namespace {

constexpr build::ArchiveLimits kLimits{
    .compressed_bytes = 256u << 10, .unpacked_bytes = 1u << 20, .entries = 64, .ratio = 200};

// In memory where there is such a folder.
class Folder {
 public:
  Folder() {
    const fs::path shm = "/dev/shm";
    std::string pattern =
        ((fs::is_directory(shm) ? shm : fs::temp_directory_path()) / "croft-fuzz-XXXXXX").string();
    check(::mkdtemp(pattern.data()) != nullptr, "a folder of our own");
    path = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  fs::path path;
};

// A tar's headers carry a checksum that random bytes never have.
std::string with_checksums(std::string tar) {
  constexpr std::size_t kBlock = 512;
  for (std::size_t at = 0; at + kBlock <= tar.size(); at += kBlock) {
    if (tar.compare(at + 257, 5, "ustar") != 0) continue;
    tar.replace(at + 148, 8, "        ");
    unsigned sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) sum += static_cast<unsigned char>(tar[at + i]);
    char digits[8];
    std::snprintf(digits, sizeof digits, "%06o", sum & 0777777u);
    tar.replace(at + 148, 8, std::string(digits, 6) + std::string("\0 ", 2));
  }
  return tar;
}

std::string with_zstd(const std::string& data) {
  std::string packed(::ZSTD_compressBound(data.size()), '\0');
  packed.resize(::ZSTD_compress(packed.data(), packed.size(), data.data(), data.size(), 1));
  return packed;
}

void check_entry(const ArchiveEntry& entry, ArchiveOrigin origin) {
  const auto path = build::check_entry_path(entry.path);
  check(path && *path == entry.path && !entry.path.starts_with('/'),
        "a path is normal and relative");
  check((entry.mode & ~0777u) == 0, "no special permission bits");
  if (origin != ArchiveOrigin::kUpload) return;
  check(entry.type != ArchiveEntry::Type::kHardlink, "an upload has no hard links");
  if (entry.type == ArchiveEntry::Type::kSymlink) {
    check(build::link_stays_inside(entry.path, entry.link), "an upload's links stay inside");
  }
}

// True when all of it was read.
bool read_through(const fs::path& file, ArchiveOrigin origin) {
  auto opened = build::open_archive(file, origin, kLimits);
  if (!opened) return fuzz::expect_told(opened.error()), false;
  std::set<std::string> paths;
  std::uint64_t bytes = 0;
  while (true) {
    const auto entry = (*opened)->next();
    if (!entry) return fuzz::expect_told(entry.error()), false;
    if (!*entry) return true;
    check_entry(**entry, origin);
    const bool fresh = paths.insert((**entry).path).second;
    check(fresh || origin != ArchiveOrigin::kUpload, "an upload has no path twice");
    check(paths.size() <= kLimits.entries, "entries are bounded");
    while (true) {
      const auto piece = (*opened)->read();
      if (!piece) return fuzz::expect_told(piece.error()), false;
      if (piece->empty()) break;
      bytes += piece->size();
      check(bytes <= kLimits.unpacked_bytes + (1u << 20), "what is unpacked is bounded");
    }
  }
}

// Nothing appears beside the folder, and no link in it leads out.
void check_unpacked(const Folder& folder, const fs::path& target, bool unpacked) {
  check(fs::exists(target) == unpacked, "a folder appears whole or not at all");
  std::size_t beside = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder.path)) ++beside;
  check(beside == (unpacked ? 2u : 1u), "nothing is written beside the folder");
  if (!unpacked) return;
  const std::string inside = fs::canonical(target).string() + "/";
  for (const auto& entry : fs::recursive_directory_iterator(target)) {
    if (!entry.is_symlink()) continue;
    // Through all links, as far as things exist.
    std::error_code loop;
    const fs::path real = fs::weakly_canonical(entry.path(), loop);
    check(loop || (real.string() + "/").starts_with(inside),
          "what was unpacked leads nowhere else");
  }
}

}  // namespace

// Somebody's upload. First byte: bit 0 mends a tar's checksums, bit 1 packs it with zstd, bit 2
// reads it as what comes out of a container.
FUZZ_TARGET(archives) {
  static const Folder folder;
  fuzz::Choices choices(input);
  const unsigned how = choices.byte();
  std::string data(choices.rest());
  if ((how & 1u) != 0) data = with_checksums(std::move(data));
  if ((how & 2u) != 0) data = with_zstd(data);
  const fs::path file = folder.path / "upload";
  std::ofstream(file, std::ios::binary | std::ios::trunc) << data;

  if ((how & 4u) != 0) {
    read_through(file, ArchiveOrigin::kContainer);
    return;
  }
  const bool good = read_through(file, ArchiveOrigin::kUpload);
  const fs::path target = folder.path / "target";
  const Status unpacked = build::unpack_upload(file, target, kLimits);
  check(good || !unpacked, "what does not read does not unpack");
  check_unpacked(folder, target, unpacked.has_value());
  const auto config = build::read_from_upload(file, "croft.yml", 1000);
  check(!config || config->size() <= 1000, "a file that is read is not longer than the limit");
  fs::remove_all(target);
}
