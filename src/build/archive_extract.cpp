// extract: entries onto the disk, never through a link.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/fd.h"
#include "build/archive.h"

namespace croft::build {
namespace {

Fd open_beneath(int root, const std::string& path, std::uint64_t flags, std::uint64_t mode) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return Fd(static_cast<int>(
      ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

class Extractor {
 public:
  explicit Extractor(Fd root) : root_(std::move(root)) {}

  Status put(EntrySource& source, const ArchiveEntry& entry) {
    const auto slash = entry.path.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : entry.path.substr(0, slash);
    const std::string name = entry.path.substr(slash == std::string::npos ? 0 : slash + 1);
    CROFT_TRY(enter(parent));
    switch (entry.type) {
      case ArchiveEntry::Type::kDirectory:
        if (::mkdirat(folder_.get(), name.c_str(), entry.mode | 0700) != 0 && errno != EEXIST) {
          return wrong(entry);
        }
        // It may be a link or a file that was there before.
        return open_beneath(folder_.get(), name, O_PATH | O_DIRECTORY, 0) ? Status{} : wrong(entry);
      case ArchiveEntry::Type::kSymlink:
        if (::symlinkat(entry.link.c_str(), folder_.get(), name.c_str()) != 0) return wrong(entry);
        return {};
      case ArchiveEntry::Type::kHardlink:
        return fail(ErrorCode::kInvalid,
                    fmt::format("{}: hard links are not accepted", entry.path));
      case ArchiveEntry::Type::kFile:
        return put_file(source, entry, name);
    }
    return {};
  }

 private:
  // Opens (and makes) the folder that the entry goes into; the last one is kept open.
  Status enter(const std::string& path) {
    if (folder_ && path == folder_path_) return {};
    Fd folder = open_beneath(root_.get(), path, O_PATH | O_DIRECTORY, 0);
    for (std::size_t end = path.find('/'); !folder; end = path.find('/', end + 1)) {
      if (errno != ENOENT) return not_a_folder(path);
      const std::string part = path.substr(0, end);
      const auto slash = part.rfind('/');
      const Fd above =
          open_beneath(root_.get(), slash == std::string::npos ? "" : part.substr(0, slash),
                       O_PATH | O_DIRECTORY, 0);
      const std::string name = part.substr(slash == std::string::npos ? 0 : slash + 1);
      if (!above || (::mkdirat(above.get(), name.c_str(), 0755) != 0 && errno != EEXIST)) {
        return not_a_folder(part);
      }
      folder = open_beneath(root_.get(), path, O_PATH | O_DIRECTORY, 0);
      if (end == std::string::npos && !folder) return not_a_folder(path);
    }
    folder_ = std::move(folder);
    folder_path_ = path;
    return {};
  }

  Status put_file(EntrySource& source, const ArchiveEntry& entry, const std::string& name) {
    const Fd file =
        open_beneath(folder_.get(), name, O_WRONLY | O_CREAT | O_EXCL, entry.mode | 0600);
    if (!file) return wrong(entry);
    for (;;) {
      auto piece = source.read();
      if (!piece) return fail(std::move(piece).error());
      if (piece->empty()) break;
      for (std::string_view rest = *piece; !rest.empty();) {
        const ssize_t written = ::write(file.get(), rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return wrong(entry);
        rest.remove_prefix(static_cast<std::size_t>(written));
      }
    }
    const std::array<timespec, 2> times{{{entry.mtime_s, 0}, {entry.mtime_s, 0}}};
    ::futimens(file.get(), times.data());
    return {};
  }

  static Status not_a_folder(const std::string& path) {
    if (errno == ELOOP || errno == ENOTDIR) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("archive entry '{}' is a link or a file, and other entries are below "
                              "it",
                              path));
    }
    return fail(errno_error(fmt::format("unpack {}", path), errno));
  }
  static Status wrong(const ArchiveEntry& entry) {
    if (errno == EEXIST || errno == ELOOP || errno == ENOTDIR) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("archive entry '{}' is in the archive twice", entry.path));
    }
    return fail(errno_error(fmt::format("unpack {}", entry.path), errno));
  }

  Fd root_;
  Fd folder_;
  std::string folder_path_;
};

Status extract_all(EntrySource& entries, const std::filesystem::path& folder) {
  Fd root(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail(errno_error("open the folder to unpack into", errno));
  Extractor extractor(std::move(root));
  for (;;) {
    auto entry = entries.next();
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) return {};
    CROFT_TRY(extractor.put(entries, **entry));
  }
}

}  // namespace

Status extract(EntrySource& entries, const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0) {
    return fail(errno_error(fmt::format("make the folder {}", folder.string()), errno));
  }
  Status done = extract_all(entries, folder);
  if (!done) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  return done;
}

}  // namespace croft::build
