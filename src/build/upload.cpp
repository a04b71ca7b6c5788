#include "build/upload.h"

#include <fmt/format.h>
#include <unistd.h>

#include "build/archive_writer.h"

namespace croft::build {
namespace {

// Every header and every byte, without keeping anything.
Status read_through(const std::filesystem::path& archive, const ArchiveLimits& limits) {
  auto entries = open_archive(archive, ArchiveOrigin::kUpload, limits);
  if (!entries) return fail(std::move(entries).error());
  for (;;) {
    auto entry = (*entries)->next();
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) return {};
    for (bool more = (*entry)->type == ArchiveEntry::Type::kFile; more;) {
      auto piece = (*entries)->read();
      if (!piece) return fail(std::move(piece).error());
      more = !piece->empty();
    }
  }
}

}  // namespace

Task<Result<Upload>> receive_upload(Pool& pool, ByteSource& body, std::filesystem::path archive,
                                    ArchiveLimits limits) {
  auto bytes = co_await spool_to_file(pool, body, archive, limits.compressed_bytes);
  if (!bytes) co_return fail(std::move(bytes).error().in("upload of the source"));
  Status good = co_await run_blocking(pool, [&] { return read_through(archive, limits); });
  if (!good) {
    ::unlink(archive.c_str());
    co_return fail(std::move(good).error().in("upload of the source"));
  }
  co_return Upload{archive, *bytes};
}

Status unpack_upload(const std::filesystem::path& archive, const std::filesystem::path& folder,
                     const ArchiveLimits& limits) {
  auto entries = open_archive(archive, ArchiveOrigin::kUpload, limits);
  if (!entries) return fail(std::move(entries).error());
  return extract(**entries, folder);
}

Result<std::string> read_from_upload(const std::filesystem::path& archive, std::string_view path,
                                     std::size_t max_bytes) {
  auto entries = open_archive(archive, ArchiveOrigin::kUpload, {});
  if (!entries) return fail(std::move(entries).error());
  for (;;) {
    auto entry = (*entries)->next();
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) {
      return fail(ErrorCode::kNotFound, fmt::format("the source has no file {}", path));
    }
    if ((*entry)->path != path || (*entry)->type != ArchiveEntry::Type::kFile) continue;
    std::string content;
    for (;;) {
      auto piece = (*entries)->read();
      if (!piece) return fail(std::move(piece).error());
      if (piece->empty()) return content;
      content += *piece;
      if (content.size() > max_bytes) {
        return fail(ErrorCode::kTooLarge,
                    fmt::format("{} is larger than {} bytes", path, max_bytes));
      }
    }
  }
}

}  // namespace croft::build
