#include "build/image_context.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <memory>

#include "base/file.h"

namespace croft::build {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxContextBytes = 64u << 20;

struct ArchiveFree {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct EntryFree {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

la_ssize_t append_bytes(archive*, void* target, const void* data, std::size_t size) {
  static_cast<std::string*>(target)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

Status write_entry(archive* out, const std::string& path, const ContextFile& file) {
  const std::unique_ptr<archive_entry, EntryFree> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_mtime(entry.get(), 0, 0);
  if (!file.link_to.empty()) {
    archive_entry_set_filetype(entry.get(), AE_IFLNK);
    archive_entry_set_symlink(entry.get(), file.link_to.c_str());
    archive_entry_set_perm(entry.get(), 0777);
  } else {
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), file.executable ? 0755 : 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
  }
  if (archive_write_header(out, entry.get()) != ARCHIVE_OK)
    return fail(ErrorCode::kInternal, "make a build context", archive_error_string(out));
  if (file.link_to.empty() && !file.content.empty() &&
      archive_write_data(out, file.content.data(), file.content.size()) !=
          static_cast<la_ssize_t>(file.content.size()))
    return fail(ErrorCode::kInternal, "make a build context", archive_error_string(out));
  return {};
}

}  // namespace

Result<ContextFiles> read_context_files(const fs::path& folder, const std::string& prefix) {
  ContextFiles files;
  std::size_t total = 0;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const std::string name = prefix + it->path().lexically_relative(folder).string();
    if (it->is_symlink()) {
      files[name].link_to = fs::read_symlink(it->path(), error).string();
      continue;
    }
    if (!it->is_regular_file()) continue;
    auto content = read_file(it->path());
    if (!content) return fail(std::move(content).error());
    total += content->size();
    if (total > kMaxContextBytes)
      return fail(ErrorCode::kTooLarge, fmt::format("{} holds more than 64 MiB", folder.string()));
    const auto mode = fs::status(it->path()).permissions();
    files[name] = {.content = std::move(*content),
                   .executable = (mode & fs::perms::owner_exec) != fs::perms::none};
  }
  if (error) return fail(errno_error("read " + folder.string(), error.value()));
  return files;
}

Result<std::string> make_tar(const ContextFiles& files) {
  std::string tar;
  const std::unique_ptr<archive, ArchiveFree> out(archive_write_new());
  archive_write_set_format_pax_restricted(out.get());
  archive_write_set_bytes_in_last_block(out.get(), 1);
  if (archive_write_open(out.get(), &tar, nullptr, append_bytes, nullptr) != ARCHIVE_OK)
    return fail(ErrorCode::kInternal, "make a build context", archive_error_string(out.get()));
  for (const auto& [path, file] : files) CROFT_TRY(write_entry(out.get(), path, file));
  if (archive_write_close(out.get()) != ARCHIVE_OK)
    return fail(ErrorCode::kInternal, "make a build context", archive_error_string(out.get()));
  return tar;
}

}  // namespace croft::build
