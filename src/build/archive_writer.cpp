#include "build/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/check.h"

namespace croft::build {
namespace {

constexpr std::size_t kFlushBytes = 256u << 10;

struct FreeEntry {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

la_ssize_t append(archive* /*handle*/, void* target, const void* data, std::size_t size) {
  static_cast<std::string*>(target)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

mode_t file_type(ArchiveEntry::Type type) {
  switch (type) {
    case ArchiveEntry::Type::kDirectory:
      return S_IFDIR;
    case ArchiveEntry::Type::kSymlink:
      return S_IFLNK;
    default:
      return S_IFREG;
  }
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(errno_error("write an archive", errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::filesystem::path temporary_name(const std::filesystem::path& file) {
  return file.string() + ".part";
}

}  // namespace

ArchiveWriter::ArchiveWriter(WriterOptions options)
    : options_(options), handle_(archive_write_new()) {
  crypto_hash_sha256_init(&hash_);
  // The format of GNU tar keeps names as bytes; pax would convert them by the locale.
  archive_write_set_format_gnutar(handle_);
  if (options.compress) archive_write_add_filter_zstd(handle_);
  archive_write_set_bytes_in_last_block(handle_, 1);
  const int code = archive_write_open(handle_, &bytes_, nullptr, append, nullptr);
  check(code == ARCHIVE_OK, "open an archive in memory");
}

ArchiveWriter::~ArchiveWriter() {
  // Of an archive that failed the entry that is open is not filled up with zeros to its end,
  // however long it was to be. Freeing alone would leave the buffers of such an archive behind.
  archive_write_fail(handle_);
  archive_write_close(handle_);
  archive_write_free(handle_);
}

tl::unexpected<Error> ArchiveWriter::trouble(std::string_view path) const {
  const char* text = archive_error_string(handle_);
  return fail(ErrorCode::kFailed, fmt::format("put {} into an archive", path),
              text == nullptr ? "" : text);
}

Status ArchiveWriter::begin(const ArchiveEntry& entry) {
  const std::unique_ptr<archive_entry, FreeEntry> raw(archive_entry_new());
  const bool is_directory = entry.type == ArchiveEntry::Type::kDirectory;
  path_ = entry.path;
  archive_entry_set_pathname(raw.get(), (is_directory ? path_ + "/" : path_).c_str());
  archive_entry_set_filetype(raw.get(), file_type(entry.type));
  archive_entry_set_perm(raw.get(), entry.mode);
  archive_entry_set_uid(raw.get(), options_.uid);
  archive_entry_set_gid(raw.get(), options_.gid);
  archive_entry_set_mtime(raw.get(), options_.keep_times ? entry.mtime_s : 0, 0);
  if (entry.type == ArchiveEntry::Type::kFile) {
    archive_entry_set_size(raw.get(), static_cast<la_int64_t>(entry.size_bytes));
  }
  if (entry.type == ArchiveEntry::Type::kSymlink) {
    archive_entry_set_symlink(raw.get(), entry.link.c_str());
  }
  if (entry.type == ArchiveEntry::Type::kHardlink) {
    archive_entry_set_hardlink(raw.get(), entry.link.c_str());
  }
  if (archive_write_header(handle_, raw.get()) < ARCHIVE_WARN) return trouble(entry.path);
  ++entries_;
  const std::string head =
      fmt::format("{}:{}{:o}:{}:{}{}:", entry.path.size(), entry.path, entry.mode,
                  static_cast<int>(entry.type), entry.size_bytes, entry.link);
  crypto_hash_sha256_update(&hash_, reinterpret_cast<const unsigned char*>(head.data()),
                            head.size());
  return {};
}

Status ArchiveWriter::write(std::string_view piece) {
  if (archive_write_data(handle_, piece.data(), piece.size()) !=
      static_cast<la_ssize_t>(piece.size())) {
    return trouble(path_);
  }
  content_bytes_ += piece.size();
  crypto_hash_sha256_update(&hash_, reinterpret_cast<const unsigned char*>(piece.data()),
                            piece.size());
  return {};
}

Status ArchiveWriter::add(const ArchiveEntry& entry, EntrySource& content) {
  CROFT_TRY(begin(entry));
  if (entry.type != ArchiveEntry::Type::kFile) return {};
  for (;;) {
    auto piece = content.read();
    if (!piece) return fail(std::move(piece).error());
    if (piece->empty()) return {};
    CROFT_TRY(write(*piece));
  }
}

Status ArchiveWriter::add_file(std::string_view path, std::string_view content, unsigned mode) {
  CROFT_TRY(begin({.path = std::string(path), .mode = mode, .size_bytes = content.size()}));
  return write(content);
}

Status ArchiveWriter::finish() {
  if (archive_write_close(handle_) != ARCHIVE_OK) return trouble("the end");
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256_final(&hash_, digest.data());
  for (const unsigned char byte : digest) hash_text_ += fmt::format("{:02x}", byte);
  return {};
}

ArchiveFile::ArchiveFile(std::filesystem::path file, Fd fd, WriterOptions options,
                         std::uint64_t max_bytes)
    : file_(std::move(file)), fd_(std::move(fd)), writer_(options), max_bytes_(max_bytes) {}

ArchiveFile::~ArchiveFile() {
  if (!finished_) ::unlink(temporary_name(file_).c_str());
}

Result<std::unique_ptr<ArchiveFile>> ArchiveFile::create(const std::filesystem::path& file,
                                                         WriterOptions options,
                                                         std::uint64_t max_bytes) {
  Fd fd(::open(temporary_name(file).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return fail(errno_error(fmt::format("create {}", file.string()), errno));
  return std::unique_ptr<ArchiveFile>(new ArchiveFile(file, std::move(fd), options, max_bytes));
}

Status ArchiveFile::flush() {
  const std::string bytes = writer_.take();
  written_ += bytes.size();
  if (written_ > max_bytes_) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("the archive is larger than {} MiB", max_bytes_ >> 20));
  }
  return write_all(fd_.get(), bytes);
}

Status ArchiveFile::add(const ArchiveEntry& entry, EntrySource& content) {
  CROFT_TRY(writer_.begin(entry));
  while (entry.type == ArchiveEntry::Type::kFile) {
    auto piece = content.read();
    if (!piece) return fail(std::move(piece).error());
    if (piece->empty()) break;
    CROFT_TRY(writer_.write(*piece));
    if (writer_.available() >= kFlushBytes) CROFT_TRY(flush());
  }
  return writer_.available() >= kFlushBytes ? flush() : Status{};
}

Status ArchiveFile::finish() {
  CROFT_TRY(writer_.finish());
  CROFT_TRY(flush());
  if (::fsync(fd_.get()) != 0 || ::rename(temporary_name(file_).c_str(), file_.c_str()) != 0) {
    return fail(errno_error(fmt::format("write {}", file_.string()), errno));
  }
  finished_ = true;
  return {};
}

namespace {

class ArchiveStream final : public ByteSource {
 public:
  ArchiveStream(Pool& pool, std::unique_ptr<EntrySource> entries, WriterOptions options)
      : pool_(pool), entries_(std::move(entries)), writer_(options) {}

  Task<Result<std::optional<std::string>>> next() override {
    co_return co_await run_blocking(pool_, [this] { return make_piece(); });
  }

 private:
  Result<std::optional<std::string>> make_piece() {
    while (!finished_ && writer_.available() < kFlushBytes) CROFT_TRY(advance());
    if (writer_.available() == 0) return std::nullopt;
    return writer_.take();
  }

  Status advance() {
    if (in_file_) {
      auto piece = entries_->read();
      if (!piece) return fail(std::move(piece).error());
      in_file_ = !piece->empty();
      return in_file_ ? writer_.write(*piece) : Status{};
    }
    auto entry = entries_->next();
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) {
      finished_ = true;
      return writer_.finish();
    }
    in_file_ = (*entry)->type == ArchiveEntry::Type::kFile;
    return writer_.begin(**entry);
  }

  Pool& pool_;
  std::unique_ptr<EntrySource> entries_;
  ArchiveWriter writer_;
  bool in_file_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> archive_stream(Pool& pool, std::unique_ptr<EntrySource> entries,
                                           WriterOptions options) {
  return std::make_unique<ArchiveStream>(pool, std::move(entries), options);
}

Task<Result<std::uint64_t>> spool_to_file(Pool& pool, ByteSource& source,
                                          std::filesystem::path file, std::uint64_t max_bytes) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) co_return fail(errno_error(fmt::format("create {}", file.string()), errno));
  std::uint64_t total = 0;
  Status status;
  while (status) {
    auto piece = co_await source.next();
    if (!piece) {
      status = fail(std::move(piece).error());
    } else if (!*piece) {
      co_return total;
    } else if ((total += (*piece)->size()) > max_bytes) {
      status =
          fail(ErrorCode::kTooLarge, fmt::format("more than {} MiB were sent", max_bytes >> 20));
    } else {
      const std::string bytes = std::move(**piece);
      status = co_await run_blocking(pool, [&fd, &bytes] { return write_all(fd.get(), bytes); });
    }
  }
  ::unlink(file.c_str());
  co_return fail(std::move(status).error());
}

}  // namespace croft::build
