// open_tree: a folder as entries.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/fd.h"
#include "build/archive.h"

namespace croft::build {
namespace {

struct CloseDir {
  void operator()(DIR* d) const { ::closedir(d); }
};

Result<std::vector<std::string>> names_in(int folder, const std::string& path) {
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseDir> dir(copy < 0 ? nullptr : ::fdopendir(copy));
  if (!dir) return fail(errno_error(fmt::format("read the folder {}", path), errno));
  std::vector<std::string> names;
  while (const dirent* item = ::readdir(dir.get())) {
    const std::string_view name = item->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  // Descending: they are taken from the back.
  std::sort(names.rbegin(), names.rend());
  return names;
}

class TreeReader final : public EntrySource {
 public:
  TreeReader(Fd root, EntryFilter filter, std::vector<std::string> names)
      : filter_(std::move(filter)) {
    levels_.push_back({std::move(root), "", std::move(names)});
  }

  Result<std::optional<ArchiveEntry>> next() override {
    file_.reset();
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.names.empty()) {
        levels_.pop_back();
        continue;
      }
      const std::string name = std::move(level.names.back());
      level.names.pop_back();
      auto entry = take(level, name);
      if (!entry) return fail(std::move(entry).error());
      if (*entry) return std::move(*entry);
    }
    return std::nullopt;
  }

  Result<std::string_view> read() override {
    if (!file_ || left_ == 0) return std::string_view();
    const ssize_t got =
        ::read(file_.get(), buffer_.data(), std::min<std::uint64_t>(left_, buffer_.size()));
    if (got < 0) return fail(errno_error(fmt::format("read {}", path_), errno));
    if (got == 0) {
      return fail(ErrorCode::kConflict,
                  fmt::format("{} became shorter while it was read; try again", path_));
    }
    left_ -= static_cast<std::uint64_t>(got);
    return std::string_view(buffer_.data(), static_cast<std::size_t>(got));
  }

 private:
  struct Level {
    Fd folder;
    std::string path;  // with a slash at the end, or empty
    std::vector<std::string> names;
  };

  Result<std::optional<ArchiveEntry>> take(const Level& level, const std::string& name) {
    path_ = level.path + name;
    const int folder = level.folder.get();
    struct stat info{};
    if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return vanished();
    const bool is_directory = S_ISDIR(info.st_mode);
    if (filter_ && !filter_(path_, is_directory)) return std::nullopt;
    ArchiveEntry entry{.path = path_, .mode = info.st_mode & 0777, .mtime_s = info.st_mtim.tv_sec};
    if (is_directory) {
      entry.type = ArchiveEntry::Type::kDirectory;
      CROFT_TRY(descend(folder, name));
      return entry;
    }
    if (S_ISLNK(info.st_mode)) {
      std::array<char, kMaxPathBytes> target{};
      const ssize_t length = ::readlinkat(folder, name.c_str(), target.data(), target.size());
      if (length < 0) return vanished();
      entry.type = ArchiveEntry::Type::kSymlink;
      entry.link.assign(target.data(), static_cast<std::size_t>(length));
      return entry;
    }
    if (!S_ISREG(info.st_mode)) return std::nullopt;
    file_ = Fd(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file_) return vanished();
    if (::fstat(file_.get(), &info) != 0) return vanished();
    entry.size_bytes = left_ = static_cast<std::uint64_t>(info.st_size);
    return entry;
  }

  Status descend(int folder, const std::string& name) {
    Fd below(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below) return vanished();
    auto names = names_in(below.get(), path_);
    if (!names) return fail(std::move(names).error());
    levels_.push_back({std::move(below), path_ + "/", std::move(*names)});
    return {};
  }

  tl::unexpected<Error> vanished() const {
    return fail(errno_error(fmt::format("read {}", path_), errno));
  }

  EntryFilter filter_;
  std::vector<Level> levels_;
  std::string path_;  // of the current entry
  Fd file_;
  std::uint64_t left_ = 0;
  std::array<char, 65536> buffer_;
};

}  // namespace

Result<std::unique_ptr<EntrySource>> open_tree(const std::filesystem::path& folder,
                                               EntryFilter filter) {
  Fd root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail(errno_error(fmt::format("open the folder {}", folder.string()), errno));
  auto names = names_in(root.get(), folder.string());
  if (!names) return fail(std::move(names).error());
  return std::unique_ptr<EntrySource>(
      std::make_unique<TreeReader>(std::move(root), std::move(filter), std::move(*names)));
}

}  // namespace croft::build
