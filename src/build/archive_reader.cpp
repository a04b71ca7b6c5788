// open_archive: tar files by libarchive, every entry checked before it is handed out.
#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <unordered_set>

#include "build/archive.h"

namespace croft::build {
namespace {

constexpr std::uint64_t kRatioFrom = 64u << 20;

struct FreeArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};

std::string_view text_or_empty(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// Without a locale libarchive cannot convert every name: the raw bytes are the fallback.
std::string_view path_of(archive_entry* entry) {
  const char* utf8 = archive_entry_pathname_utf8(entry);
  return text_or_empty(utf8 != nullptr ? utf8 : archive_entry_pathname(entry));
}
std::string_view symlink_of(archive_entry* entry) {
  const char* utf8 = archive_entry_symlink_utf8(entry);
  return text_or_empty(utf8 != nullptr ? utf8 : archive_entry_symlink(entry));
}
std::string_view hardlink_of(archive_entry* entry) {
  const char* utf8 = archive_entry_hardlink_utf8(entry);
  return text_or_empty(utf8 != nullptr ? utf8 : archive_entry_hardlink(entry));
}

// For messages: a name that was refused may hold anything.
std::string printable(std::string_view path) {
  std::string out;
  for (const char c : path.substr(0, 200)) {
    const bool plain =
        static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F;
    out += plain ? c : '?';
  }
  return out;
}

tl::unexpected<Error> unreadable(archive* handle) {
  return fail(ErrorCode::kInvalid,
              "the archive is broken or of an unknown kind (tar, plain or compressed with zstd or "
              "gzip, is accepted)",
              std::string(text_or_empty(archive_error_string(handle))));
}

class ArchiveReader final : public EntrySource {
 public:
  ArchiveReader(std::unique_ptr<archive, FreeArchive> handle, ArchiveOrigin origin,
                const ArchiveLimits& limits)
      : handle_(std::move(handle)), origin_(origin), limits_(limits) {}

  Result<std::optional<ArchiveEntry>> next() override {
    for (;;) {
      archive_entry* raw = nullptr;
      const int code = archive_read_next_header(handle_.get(), &raw);
      if (code == ARCHIVE_EOF) return std::nullopt;
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return broken();
      if (++entries_ > limits_.entries) {
        return fail(ErrorCode::kTooLarge,
                    fmt::format("the archive has more than {} entries", limits_.entries));
      }
      auto entry = take(raw);
      if (!entry) {
        return fail(
            Error(entry.error()).in(fmt::format("archive entry '{}'", printable(path_of(raw)))));
      }
      if (*entry) return std::move(*entry);
    }
  }

  Result<std::string_view> read() override {
    for (;;) {
      if (position_ < hole_until_) return zeros();
      if (!pending_.empty()) return count(std::exchange(pending_, {}));
      const void* data = nullptr;
      std::size_t size = 0;
      std::int64_t offset = 0;
      const int code = archive_read_data_block(handle_.get(), &data, &size, &offset);
      if (code != ARCHIVE_EOF && code != ARCHIVE_OK && code != ARCHIVE_WARN) return broken();
      if (code == ARCHIVE_EOF && position_ >= declared_) return std::string_view();
      // A sparse file: what is missing reads as zeros, and counts.
      hole_until_ = code == ARCHIVE_EOF ? declared_ : static_cast<std::uint64_t>(offset);
      if (code != ARCHIVE_EOF) pending_ = {static_cast<const char*>(data), size};
    }
  }

 private:
  // nullopt: to be left out.
  Result<std::optional<ArchiveEntry>> take(archive_entry* raw) {
    auto path = check_entry_path(path_of(raw));
    if (!path) return fail(std::move(path).error());
    if (path->empty()) return std::nullopt;  // the root itself
    ArchiveEntry entry;
    entry.path = std::move(*path);
    entry.mode = archive_entry_perm(raw) & 0777;
    entry.mtime_s = archive_entry_mtime(raw);
    declared_ = position_ = hole_until_ = 0;
    pending_ = {};
    if (const std::string_view target = hardlink_of(raw); !target.empty()) {
      return take_hardlink(std::move(entry), target);
    }
    switch (archive_entry_filetype(raw)) {
      case S_IFREG:
        entry.size_bytes = static_cast<std::uint64_t>(archive_entry_size(raw));
        declared_ = entry.size_bytes;
        break;
      case S_IFDIR:
        entry.type = ArchiveEntry::Type::kDirectory;
        break;
      case S_IFLNK:
        entry.type = ArchiveEntry::Type::kSymlink;
        entry.link = symlink_of(raw);
        break;
      default:
        if (origin_ == ArchiveOrigin::kContainer) return std::nullopt;
        return fail(ErrorCode::kInvalid, "devices, sockets and pipes are not accepted");
    }
    if (origin_ == ArchiveOrigin::kUpload) CROFT_TRY(judge_upload(entry));
    if (declared_ > limits_.unpacked_bytes - unpacked_) return too_large();
    return entry;
  }

  Result<std::optional<ArchiveEntry>> take_hardlink(ArchiveEntry entry, std::string_view target) {
    if (origin_ == ArchiveOrigin::kUpload) {
      return fail(ErrorCode::kInvalid, "hard links are not accepted");
    }
    auto checked = check_entry_path(target);
    if (!checked) return fail(std::move(checked).error());
    entry.type = ArchiveEntry::Type::kHardlink;
    entry.link = std::move(*checked);
    return entry;
  }

  Status judge_upload(const ArchiveEntry& entry) {
    if (entry.type == ArchiveEntry::Type::kSymlink && !link_stays_inside(entry.path, entry.link)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("the link to '{}' may lead out of the folder; make it relative, with "
                              "'..' at its start only, or leave it out (.gitignore)",
                              printable(entry.link)));
    }
    // A directory may come again: tools write one before its content and once more with its time.
    const bool fresh = seen_.insert(entry.path).second;
    if (!fresh && entry.type != ArchiveEntry::Type::kDirectory) {
      return fail(ErrorCode::kInvalid, "the name is in the archive twice");
    }
    return {};
  }

  Result<std::string_view> count(std::string_view piece) {
    position_ += piece.size();
    unpacked_ += piece.size();
    const auto compressed = static_cast<std::uint64_t>(archive_filter_bytes(handle_.get(), -1));
    if (unpacked_ > limits_.unpacked_bytes) return too_large();
    if (compressed > limits_.compressed_bytes) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("the archive is larger than {} MiB", limits_.compressed_bytes >> 20));
    }
    if (unpacked_ > kRatioFrom && unpacked_ / limits_.ratio > compressed) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("the archive unpacks to more than {} times its size", limits_.ratio));
    }
    return piece;
  }

  Result<std::string_view> zeros() {
    static const std::string kZeros(65536, '\0');
    const std::uint64_t missing = hole_until_ - position_;
    return count(std::string_view(kZeros).substr(0, std::min<std::uint64_t>(missing, 65536)));
  }

  tl::unexpected<Error> too_large() const {
    return fail(ErrorCode::kTooLarge, fmt::format("the archive unpacks to more than {} MiB",
                                                  limits_.unpacked_bytes >> 20));
  }
  tl::unexpected<Error> broken() const { return unreadable(handle_.get()); }

  std::unique_ptr<archive, FreeArchive> handle_;
  ArchiveOrigin origin_;
  ArchiveLimits limits_;
  std::uint64_t entries_ = 0;
  std::uint64_t unpacked_ = 0;
  std::uint64_t declared_ = 0;  // size of the current file
  std::uint64_t position_ = 0;  // in it
  std::uint64_t hole_until_ = 0;
  std::string_view pending_;  // data behind a hole
  std::unordered_set<std::string> seen_;
};

}  // namespace

Result<std::unique_ptr<EntrySource>> open_archive(const std::filesystem::path& file,
                                                  ArchiveOrigin origin,
                                                  const ArchiveLimits& limits) {
  std::unique_ptr<archive, FreeArchive> handle(archive_read_new());
  archive_read_support_format_tar(handle.get());
  archive_read_support_filter_zstd(handle.get());
  archive_read_support_filter_gzip(handle.get());
  archive_read_support_filter_bzip2(handle.get());
  archive_read_support_filter_xz(handle.get());
  if (archive_read_open_filename(handle.get(), file.c_str(), 65536) != ARCHIVE_OK) {
    return unreadable(handle.get());
  }
  return std::unique_ptr<EntrySource>(
      std::make_unique<ArchiveReader>(std::move(handle), origin, limits));
}

}  // namespace croft::build
