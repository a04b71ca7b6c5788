// Writing tar archives, and streams of bytes made from entries.
#pragma once

#include <sodium.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "build/archive.h"
#include "net/byte_stream.h"
#include "task/pool.h"

struct archive;

namespace croft::build {

// uid and gid of the user zerops in every image (images/runtime/Dockerfile).
inline constexpr unsigned kServiceUid = 1000;

struct WriterOptions {
  bool compress = true;  // zstd; false: plain tar
  unsigned uid = 0;      // of every entry
  unsigned gid = 0;
  // False: times are 0, so that equal content gives equal bytes.
  bool keep_times = true;
};

// Turns entries into the bytes of an archive, which pile up in take() until they are taken.
class ArchiveWriter {
 public:
  explicit ArchiveWriter(WriterOptions options);
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;
  ~ArchiveWriter();

  // One entry; for a file its whole content from `content`.
  Status add(const ArchiveEntry& entry, EntrySource& content);
  Status add_file(std::string_view path, std::string_view content, unsigned mode);
  Status finish();  // after it, take() has the last bytes

  // The same in pieces: begin(), write() as much as the entry said.
  Status begin(const ArchiveEntry& entry);
  Status write(std::string_view piece);

  std::size_t available() const { return bytes_.size(); }
  std::string take() { return std::exchange(bytes_, {}); }

  // SHA-256 (hex) of names, kinds, modes and contents in their order, not of times; after finish().
  std::string content_hash() const { return hash_text_; }
  std::uint64_t entries() const { return entries_; }
  std::uint64_t content_bytes() const { return content_bytes_; }

 private:
  tl::unexpected<Error> trouble(std::string_view path) const;

  WriterOptions options_;
  archive* handle_ = nullptr;
  std::string bytes_;
  std::string path_;
  crypto_hash_sha256_state hash_;
  std::string hash_text_;
  std::uint64_t entries_ = 0;
  std::uint64_t content_bytes_ = 0;
};

// An archive in a file, written as it grows. Removed again unless finish() succeeds.
class ArchiveFile {
 public:
  // `file` is created or replaced only by finish(). `max_bytes` caps the archive's own size.
  static Result<std::unique_ptr<ArchiveFile>> create(const std::filesystem::path& file,
                                                     WriterOptions options,
                                                     std::uint64_t max_bytes);
  ~ArchiveFile();

  ArchiveWriter& writer() { return writer_; }
  // Moves what the writer has made to the disk; to be called now and then.
  Status flush();
  Status add(const ArchiveEntry& entry, EntrySource& content);
  Status finish();  // fsync and rename
  std::uint64_t bytes() const { return written_; }

 private:
  ArchiveFile(std::filesystem::path file, Fd fd, WriterOptions options, std::uint64_t max_bytes);

  std::filesystem::path file_;
  Fd fd_;
  ArchiveWriter writer_;
  std::uint64_t max_bytes_;
  std::uint64_t written_ = 0;
  bool finished_ = false;
};

// The archive of `entries` as a stream that is made while it is read. `pool` must outlive it.
std::unique_ptr<ByteSource> archive_stream(Pool& pool, std::unique_ptr<EntrySource> entries,
                                           WriterOptions options);

// Writes `source` to `file`. kTooLarge over `max_bytes`; the file is then removed.
Task<Result<std::uint64_t>> spool_to_file(Pool& pool, ByteSource& source,
                                          std::filesystem::path file, std::uint64_t max_bytes);

}  // namespace croft::build
